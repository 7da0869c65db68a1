/* Lists of tasks: rows that open, choosing many, a tidy address, keys. Without this file rows
   are links to pages and every form still works. */
(() => {
  "use strict";

  const on = (type, selector, handler) =>
    document.addEventListener(type, (event) => {
      const found = event.target instanceof Element && event.target.closest(selector);
      if (found) handler(event, found);
    });
  const links = () => [...document.querySelectorAll("[data-opens]")];
  const detailOf = (link) => link.closest("tr").nextElementSibling;

  /* A row opens below itself; what it shows is asked for the first time only. */
  const open = (link) => {
    const detail = detailOf(link);
    detail.hidden = false;
    link.setAttribute("aria-expanded", "true");
    const waiting = detail.querySelector("[hx-trigger=open]");
    if (waiting) htmx.trigger(waiting, "open");
  };
  const close = (link) => {
    detailOf(link).hidden = true;
    link.setAttribute("aria-expanded", "false");
  };
  const isOpen = (link) => link.getAttribute("aria-expanded") === "true";
  on("click", "[data-opens]", (event, link) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (isOpen(link)) close(link);
    else open(link);
  });

  /* One form at a time. (The name of a details element would do it, but it also closes the form
     that the server sends opened, while the one it replaces is still there.) */
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches?.(".act[open]")) return;
    for (const other of event.target.parentElement.querySelectorAll(".act[open]")) {
      if (other !== event.target) other.open = false;
    }
  }, true);

  /* The address holds what differs from the defaults. */
  document.addEventListener("htmx:config:request", (event) => {
    const { sourceElement, request } = event.detail.ctx;
    if (!sourceElement.matches?.("form[data-task-filters]")) return;
    const body = request.body;
    const isCustom = body.get("range") === "custom";
    for (const name of isCustom ? ["range"] : ["start_date", "end_date"]) body.delete(name);
    if (body.get("range") === document.querySelector("[data-default-range]")?.dataset.defaultRange) body.delete("range");
    if (body.get("owner") === "any") body.delete("owner");
    for (const name of new Set(body.keys())) if (body.get(name) === "") body.delete(name);
  });

  /* Exports follow the filters that are shown. */
  const followFilters = () => {
    for (const link of document.querySelectorAll("[data-export]")) {
      const url = new URL(link.href);
      url.search = location.search;
      for (const name of ["page", "after", "before", "now", "view"]) url.searchParams.delete(name);
      link.href = url.href;
    }
  };

  /* All boxes of a page at once. */
  const boxes = () => [...document.querySelectorAll("[name=task]")];
  on("change", "[data-pick-all]", (event, all) => {
    for (const box of boxes()) box.checked = all.checked;
  });

  /* Keys: never while typing, and not at all when switched off. */
  const dialog = () => document.getElementById("shortcuts");
  const areKeysOn = () => localStorage.getItem("shortcuts") !== "off";
  const isTyping = (element) =>
    element instanceof Element &&
    element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
  const current = () => {
    const row = document.activeElement?.closest("tr");
    const link = row?.querySelector("[data-opens]");
    return link ?? row?.previousElementSibling?.querySelector("[data-opens]") ?? null;
  };
  const move = (step) => {
    const all = links();
    const place = all.indexOf(current());
    const next = all[place < 0 ? 0 : Math.min(Math.max(place + step, 0), all.length - 1)];
    next?.focus();
  };
  const openAction = (name, within) => {
    const action = within?.querySelector(`[data-act=${name}]`);
    if (!action) return false;
    action.open = true;
    action.querySelector("form :is(input:not([type=hidden]), textarea, button)").focus();
    return true;
  };
  let wanted = null;
  const act = (name) => {
    const link = current();
    if (!link) return openAction(name, document.querySelector(".task"));
    open(link);
    if (!openAction(name, detailOf(link))) wanted = { name, detail: detailOf(link) };
    return true;
  };
  const closeInnermost = () => {
    const action = document.activeElement?.closest(".act[open]");
    const link = current();
    if (action) {
      action.open = false;
      action.querySelector("summary").focus();
    } else if (link && isOpen(link)) {
      close(link);
      link.focus();
    }
  };
  const keys = {
    "/": () => document.getElementById("query")?.focus(),
    j: () => move(1),
    k: () => move(-1),
    d: () => act("done"),
    s: () => act("snooze"),
    n: () => act("note"),
    "?": () => dialog()?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !dialog()?.open) closeInnermost();
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (!areKeysOn() || isTyping(event.target) || dialog()?.open) return;
    const does = Object.hasOwn(keys, event.key) && keys[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });
  on("click", "[data-shortcuts-open]", () => dialog().showModal());
  on("click", "[data-shortcuts-close]", () => dialog().close());
  on("change", "[data-shortcuts-on]", (event, box) => {
    localStorage.setItem("shortcuts", box.checked ? "on" : "off");
  });

  const settle = () => {
    for (const box of document.querySelectorAll("[data-shortcuts-on]")) box.checked = areKeysOn();
    for (const part of document.querySelectorAll("[data-pick-all], [data-shortcuts-open]")) part.hidden = false;
    for (const link of links()) if (!link.hasAttribute("aria-expanded")) link.setAttribute("aria-expanded", "false");
    followFilters();
    if (wanted && openAction(wanted.name, wanted.detail)) wanted = null;
  };
  document.addEventListener("htmx:after:settle", settle);
  document.addEventListener("DOMContentLoaded", settle);
})();
