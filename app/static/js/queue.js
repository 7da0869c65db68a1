/* My queue: keys from card to card, a tidy address, and the list anew when its last card is done.
   Without this file every card and form still works. */
(() => {
  "use strict";

  const panels = { d: "done", s: "snooze", a: "assign", n: "note" };
  const areKeysOn = () => localStorage.getItem("shortcuts") !== "off";
  const isTyping = (element) =>
    element instanceof Element &&
    element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select") !== null;
  const cards = () => [...document.querySelectorAll("[data-card]")];
  const current = () => document.activeElement?.closest("[data-card]") ?? null;

  const move = (step) => {
    const all = cards();
    const place = all.indexOf(current());
    const next = all[place < 0 ? 0 : Math.min(Math.max(place + step, 0), all.length - 1)];
    next?.querySelector("h2 a").focus();
  };
  /* A form comes when its menu is opened, for the reasons and versions that the card shows. */
  document.addEventListener(
    "toggle",
    ({ target }) => {
      const link = target.open && target.querySelector("[data-form]");
      if (!link) return;
      const address = new URL(link.href);
      const chosen = target.closest("[data-card]").querySelector("[name=task]");
      if (chosen) address.searchParams.set("task", chosen.value);
      const panel = link.parentElement;
      htmx.ajax("GET", address.pathname + address.search, { target: panel, swap: "innerHTML", source: panel });
    },
    true,
  );
  const openPanel = (name) => {
    const panel = current()?.querySelector(`[data-act=${name}]`);
    if (!panel) return;
    panel.open = true;
    const focusField = () =>
      panel.querySelector("form :is(input:not([type=hidden]), select, textarea, button)")?.focus();
    if (panel.querySelector("form")) focusField();
    else panel.addEventListener("htmx:after:swap", focusField, { once: true });
  };
  document.addEventListener("keydown", (event) => {
    if (!areKeysOn() || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
    else if (event.key in panels && current()) openPanel(panels[event.key]);
    else return;
    event.preventDefault();
  });

  /* The address holds what differs from the defaults. */
  document.addEventListener("htmx:config:request", (event) => {
    const { sourceElement, request } = event.detail.ctx;
    if (!sourceElement.matches?.("#queue_filters")) return;
    const defaults = { ...sourceElement.dataset, least_value: "", query: "" };
    for (const [name, value] of Object.entries(defaults)) {
      if (request.body.get(name) === value) request.body.delete(name);
    }
    if (request.body.get("sort_field") === "score") request.body.delete("sort_field");
  });

  /* After a step the next card has the focus. */
  let pressed = null;
  document.addEventListener("submit", ({ target }) => {
    const card = target.closest("[data-card]");
    pressed = card && { id: card.id, place: cards().indexOf(card) };
  });
  document.addEventListener("queue-changed", () => {
    setTimeout(() => {
      const all = cards();
      if (document.getElementById("prospects") && !all.length) {
        htmx.ajax("GET", location.href, { target: "#queue", swap: "outerHTML" });
      }
      if (!pressed) return;
      const isThere = all.some((card) => card.id === pressed.id);
      all[Math.min(pressed.place + (isThere ? 1 : 0), all.length - 1)]?.querySelector("h2 a").focus();
      pressed = null;
    });
  });
})();
