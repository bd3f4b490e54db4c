// Photos: preview at once, upload while the person goes on, claim in the form; without net the
// file stays in the form and is sent with it.
import { each, icon, make } from "./elements.js";
import { findFiles, keepFiles } from "./kept_files.js";
import { text } from "./texts.js";

export function improvePhotos() {
  each("[data-melder-photos]", (field) => new PhotoField(field));
}

class PhotoField {
  constructor(field) {
    this.field = field;
    this.input = field.querySelector("input[type=file]");
    this.list = field.querySelector(".m-photos__list");
    this.status = field.querySelector(".m-photos__status");
    this.form = this.input.form;
    this.maximum = Number(field.dataset.maximum);
    this.waiting = new Map();
    field.classList.add("m-photos--live");
    this.input.addEventListener("change", () => this.add([...this.input.files]));
    field.addEventListener("melder:claim", (event) => this.showClaim(event.detail));
    for (const item of this.list.children) {
      this.improveItem(item);
    }
    this.restore();
  }

  get draft() {
    return this.form?.dataset.melderDraft;
  }

  async restore() {
    if (this.draft) {
      this.add(await findFiles(this.draft));
    }
  }

  add(files) {
    const fresh = files.filter((file) => !this.waiting.has(file));
    const room = this.maximum - this.list.children.length;
    if (fresh.length > room) {
      this.status.textContent = text("photoTooMany", this.maximum);
    }
    for (const file of fresh.slice(0, Math.max(room, 0))) {
      this.upload(file);
    }
    this.putBack();
  }

  upload(file) {
    const progress = make("progress", { max: 1, value: 0, "aria-label": text("photoUploading", file.name) });
    const note = make("span", { className: "m-photos__note" });
    const item = make("li", { className: "m-photos__item" }, this.preview(file), progress, note);
    this.list.append(item);
    this.waiting.set(file, item);
    this.addRemove(item, file.name, file);
    const request = new XMLHttpRequest();
    request.open("POST", this.field.dataset.melderPhotos);
    request.setRequestHeader("Accept", "application/json");
    request.timeout = 120_000;
    request.upload.onprogress = (event) => {
      progress.value = event.lengthComputable ? event.loaded / event.total : 0;
    };
    request.onloadend = () => {
      progress.remove();
      if (request.status >= 200 && request.status < 300) {
        this.accept(file, item, JSON.parse(request.responseText));
      } else if (request.status >= 400 && request.status < 500 && request.status !== 429) {
        this.refuse(file, item, note, request);
      } else {
        note.textContent = text("photoFailed");
        this.putBack();
      }
    };
    const body = new FormData();
    body.append("photo", file);
    request.send(body);
    item.melderRequest = request;
  }

  preview(file) {
    const address = URL.createObjectURL(file);
    const image = make("img", { className: "m-photos__image", alt: text("photoAlt", file.name), src: address });
    image.onload = () => URL.revokeObjectURL(address);
    image.onerror = () =>
      image.replaceWith(make("span", { className: "m-photos__blank" }, icon("photo", "x-large")));
    return image;
  }

  accept(file, item, answer) {
    this.waiting.delete(file);
    const claim = `${answer.photo_id}.${answer.upload_token}`;
    item.append(make("input", { type: "hidden", name: this.field.dataset.claimName, value: claim }));
    this.status.textContent = text("photoDone", file.name);
    this.putBack();
    if (answer.suggestion) {
      this.form?.dispatchEvent(new CustomEvent("melder:suggestion", { detail: answer.suggestion }));
    }
    this.changed();
  }

  refuse(file, item, note, request) {
    this.waiting.delete(file);
    item.classList.add("m-photos__item--failed");
    let reason = "";
    try {
      const problem = JSON.parse(request.responseText);
      // "too-large" comes from the rim of the service and is written for developers; other
      // details are German sentences.
      const german = document.documentElement.lang.startsWith("de");
      reason = problem.code === "too-large" ? text("photoTooLarge") : german ? problem.detail : "";
    } catch {
      // Not a problem document: the general sentence says enough.
    }
    note.textContent = text("photoRefused", reason);
    this.status.textContent = note.textContent;
    this.putBack();
  }

  // The file input keeps exactly the files that still have to travel with the form.
  putBack() {
    const kept = new DataTransfer();
    for (const file of this.waiting.keys()) {
      kept.items.add(file);
    }
    this.input.files = kept.files;
    if (this.draft) {
      keepFiles(this.draft, [...this.waiting.keys()]);
    }
  }

  showClaim(claim) {
    const [id, token] = claim.split(".");
    const image = make("img", {
      className: "m-photos__image",
      alt: text("photoAlt", ""),
      src: `/photos/${encodeURIComponent(id)}/thumbnail.webp?token=${encodeURIComponent(token)}`,
    });
    const hidden = make("input", { type: "hidden", name: this.field.dataset.claimName, value: claim });
    const item = make("li", { className: "m-photos__item" }, image, hidden);
    this.list.append(item);
    this.addRemove(item, "");
  }

  // A photo the server put here has a checkbox that works without scripts; a button is clearer.
  improveItem(item) {
    const box = item.querySelector("input[type=checkbox]");
    if (box) {
      box.closest("label").hidden = true;
      this.addRemove(item, item.querySelector("img").alt);
    }
  }

  addRemove(item, name, file) {
    const button = make("button", { type: "button", className: "m-photos__remove" }, text("photoRemove", name));
    button.addEventListener("click", () => {
      item.melderRequest?.abort();
      this.withdraw(item);
      this.waiting.delete(file);
      item.remove();
      this.putBack();
      this.input.focus();
      this.changed();
    });
    item.append(button);
  }

  // Nobody else shall keep what the person took back; if this fails the sweep takes it.
  withdraw(item) {
    const claim = item.querySelector("input[type=hidden]")?.value;
    if (claim) {
      const [id, token] = claim.split(".");
      const headers = { "X-Upload-Token": token };
      const address = `${this.field.dataset.melderPhotos}${encodeURIComponent(id)}`;
      fetch(address, { method: "DELETE", headers, keepalive: true }).catch(() => {});
    }
  }

  changed() {
    this.form?.dispatchEvent(new CustomEvent("melder:changed"));
  }
}
