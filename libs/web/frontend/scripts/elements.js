// Makes elements without markup in strings: nothing a person typed can become markup.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("data-") || name.startsWith("aria-") || name === "role") {
      element.setAttribute(name, value);
    } else {
      element[name] = value;
    }
  }
  element.append(...children);
  return element;
}

export function icon(name, size = "") {
  const classes = `kern-icon kern-icon--${name}${size ? ` kern-icon--${size}` : ""}`;
  return make("span", { className: classes, "aria-hidden": "true" });
}

export function each(selector, work) {
  for (const element of document.querySelectorAll(selector)) {
    work(element);
  }
}
