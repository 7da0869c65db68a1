/* Forms marked data-guarded: Save waits for a change, and leaving with one asks first. Without this
   file they save all the same. */
(() => {
  "use strict";

  const guarded = "form[data-guarded]";
  const content = (form) => new URLSearchParams(new FormData(form)).toString();
  const isChanged = (form) => form.dataset.before !== undefined && form.dataset.before !== content(form);

  const watch = () => {
    for (const form of document.querySelectorAll(guarded)) {
      form.dataset.before ??= form.querySelector("[aria-invalid], [role=alert]") ? "" : content(form);
      show(form);
    }
  };
  const show = (form) => {
    for (const button of form.querySelectorAll("[type=submit]:not([data-always])")) {
      button.disabled = !isChanged(form);
    }
  };

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.(guarded);
    if (form) show(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest(guarded);
    if (form) form.dataset.sent = "yes";
  });
  addEventListener("beforeunload", (event) => {
    const open = [...document.querySelectorAll(guarded)].some((form) => isChanged(form) && !form.dataset.sent);
    if (open) event.preventDefault();
  });
  document.addEventListener("htmx:after:settle", watch);
  document.addEventListener("DOMContentLoaded", watch);
})();
