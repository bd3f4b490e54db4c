document.documentElement.dataset.melderScripts = '1';
