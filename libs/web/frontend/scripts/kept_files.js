// Photos that could not be uploaded yet, kept in this browser with the draft (IndexedDB).
const NAME = "melder";
const STORE = "files";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function inStore(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const request = work(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}

// Each of these may fail (private windows forbid storage); the photo then lives in the page only.
export const keepFiles = (key, files) =>
  inStore("readwrite", (store) => store.put({ at: Date.now(), files }, key)).catch(() => {});

export const forgetFiles = (key) =>
  inStore("readwrite", (store) => store.delete(key)).catch(() => {});

export async function findFiles(key) {
  const kept = await inStore("readonly", (store) => store.get(key)).catch(() => null);
  return kept && Date.now() - kept.at < 24 * 60 * 60 * 1000 ? kept.files : [];
}
