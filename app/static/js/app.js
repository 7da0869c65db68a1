/* What htmx does not do: menus, charts, toasts, copying, small conveniences. Every feature
   works without this file, only less comfortably. */
(() => {
  "use strict";

  const root = document.documentElement;
  const on = (type, selector, handler) =>
    document.addEventListener(type, (event) => {
      const found = event.target instanceof Element && event.target.closest(selector);
      if (found) handler(event, found);
    });

  /* Menus close on Escape, on a click elsewhere, and when another opens. */
  const openMenus = () => document.querySelectorAll("details[data-menu][open]");
  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  /* Appearance: kept in a cookie, so that the server's next page has it from the start. */
  on("submit", "form[data-theme-form]", (event, form) => {
    event.preventDefault();
    const theme = event.submitter.value;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    for (const button of form.querySelectorAll("[aria-pressed]")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
    drawCharts(document);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawCharts(document));

  /* Selects that submit their form; days are sent only with "Custom days". */
  on("change", "[data-submits]", (event, control) => {
    const form = control.form;
    if (control.value === "custom" && control.name === "range") {
      form.querySelector("[data-custom-days]").classList.add("is-open");
      form.querySelector("[name=start_date]").focus();
      return;
    }
    form.dataset.changed = control.name;
    form.requestSubmit();
  });
  on("change", "[data-custom-days] input", (event, control) => {
    control.form.querySelector("[name=range]").value = "custom";
  });
  on("click", "[data-clear-choices]", (event, button) => {
    const form = button.form;
    for (const box of form.querySelectorAll("[type=checkbox]")) box.checked = false;
    form.requestSubmit();
  });

  /* The address holds what differs from the default. The chart and the branch table change
     their own part of it, and the filters keep what those two chose. */
  const partNames = ["metric", "granularity", "sort_field", "sort_order"];
  const withoutDefaults = (body) => {
    const custom = body.get("range") === "custom";
    for (const name of custom ? ["range"] : ["start_date", "end_date"]) body.delete(name);
    if (body.get("range") === "7d") body.delete("range");
    if (body.get("compare") === "previous") body.delete("compare");
    const current = new URLSearchParams(location.search);
    for (const name of partNames) if (current.has(name)) body.set(name, current.get(name));
  };
  document.addEventListener("htmx:config:request", (event) => {
    const { sourceElement, request } = event.detail.ctx;
    if (sourceElement.matches("form[data-filters]")) withoutDefaults(request.body);
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { sourceElement, request, response } = event.detail.ctx;
    if (!sourceElement.matches?.("[data-keeps-url]") || response.status >= 400) return;
    const asked = new URL(request.action, location.href).searchParams;
    const url = new URL(location.href);
    for (const name of (sourceElement.dataset.changed ?? sourceElement.dataset.keepsUrl).split(" ")) {
      if (asked.has(name)) url.searchParams.set(name, asked.get(name));
      else url.searchParams.delete(name);
    }
    if (url.href === location.href) return;
    history.replaceState({ htmx: true }, "", location.href);
    history.pushState({ htmx: true }, "", url);
  });

  /* From one page of figures to the next the branches and days stay. */
  on("click", "a[data-carries]", (event, link) => {
    const here = document.querySelector("a[data-carries][aria-current]");
    if (!here) return;
    const now = new URLSearchParams(location.search);
    if (!["range", "start_date", "end_date"].some((name) => now.get(name))) now.set("range", here.dataset.carries);
    const url = new URL(link.href);
    for (const name of ["location_id", "range", "start_date", "end_date"]) {
      url.searchParams.delete(name);
      for (const value of now.getAll(name)) if (value) url.searchParams.append(name, value);
    }
    link.href = url;
  });

  /* Copy a link instead of following it. */
  on("click", "a[data-copy]", async (event, link) => {
    if (!navigator.clipboard) return;
    event.preventDefault();
    await navigator.clipboard.writeText(link.href);
    link.closest("details").open = false;
    note("Link copied");
  });

  /* Toasts: notes go after five seconds or as long as they say, errors stay until dismissed. */
  const note = (message) => {
    const element = document.createElement("div");
    element.className = "toast-note";
    element.role = "status";
    element.dataset.toast = "success";
    element.append(Object.assign(document.createElement("p"), { textContent: message }));
    document.getElementById("toasts").append(element);
    expireToasts();
  };
  const expireToasts = () => {
    for (const element of document.querySelectorAll("[data-toast=success]:not([data-expires])")) {
      element.dataset.expires = "true";
      setTimeout(() => element.remove(), Number(element.dataset.livesMs) || 5000);
    }
  };
  on("click", "[data-dismiss]", (event, button) => button.closest("[data-toast]").remove());

  /* A block whose request never came back says so, with a way to try again. */
  document.addEventListener("htmx:error", (event) => {
    const source = event.detail.ctx?.sourceElement;
    if (!source?.isConnected || !source.hasAttribute("data-label")) return;
    const failed = document.getElementById("connection_failed").content.cloneNode(true);
    failed.querySelector("[data-retry]").addEventListener("click", () => {
      source.replaceChildren();
      source.className = source.dataset.className;
      htmx.ajax("GET", source.getAttribute("hx-get"), { target: source, swap: "outerHTML", source });
    });
    source.dataset.className ||= source.className;
    source.className = "";
    source.replaceChildren(failed);
  });

  /* Charts: the server's figure with the theme's colours put in for the style tokens. */
  const token = (name) => {
    if (name === "var(--font)") return getComputedStyle(document.body).fontFamily;
    const probe = document.createElement("i");
    probe.style.color = name;
    document.body.append(probe);
    const color = getComputedStyle(probe).color;
    probe.remove();
    return color;
  };
  const themed = (value) => {
    if (typeof value === "string") return value.startsWith("var(--") ? token(value) : value;
    if (Array.isArray(value)) return value.map(themed);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, themed(inner)]));
  };
  const drawCharts = (within) => {
    for (const place of within.querySelectorAll("[data-chart]")) {
      const source = place.parentElement.querySelector("script[type='application/json']");
      if (!source || !window.Plotly) continue;
      const { data, layout } = themed(JSON.parse(source.textContent));
      if (place.clientWidth < 480) layout.xaxis = { ...layout.xaxis, tickmode: "auto", nticks: 4, tickangle: 0 };
      const axes = { xaxis: { ...layout.xaxis, automargin: true }, yaxis: { ...layout.yaxis, automargin: true } };
      window.Plotly.react(place, data, { ...layout, ...axes, autosize: true }, { displayModeBar: false, responsive: true });
    }
  };

  /* Screen readers hear a step of a job when it changes, not every two seconds. */
  let announced = "";
  const announce = () => {
    const text = document.querySelector("[data-announce]")?.dataset.announce ?? "";
    if (text === announced) return;
    announced = text;
    document.getElementById("announcer").textContent = text;
  };

  /* Days of the calendar: a click sets the first day, the next one the last. */
  let firstDay = null;
  on("click", "[data-day]", (event, cell) => {
    const form = document.getElementById("start_ingestion");
    if (!form) return;
    const [start, end] = [form.querySelector("[name=start_date]"), form.querySelector("[name=end_date]")];
    const day = cell.dataset.day;
    const days = firstDay ? [firstDay, day].sort() : [day, day];
    [start.value, end.value] = days;
    firstDay = firstDay ? null : day;
    markDays(days);
  });
  on("change", "#start_ingestion [type=date]", (event, input) => {
    const value = (name) => input.form.querySelector(`[name=${name}]`).value;
    firstDay = null;
    markDays([value("start_date"), value("end_date")]);
  });
  const markDays = ([start, end]) => {
    for (const cell of document.querySelectorAll("[data-day]")) {
      cell.classList.toggle("is-chosen", cell.dataset.day >= start && cell.dataset.day <= end);
    }
  };

  const settle = (within) => {
    drawCharts(within);
    expireToasts();
    announce();
    for (const element of within.querySelectorAll("[data-scroll-end]")) element.scrollLeft = element.scrollWidth;
  };
  document.addEventListener("htmx:after:settle", () => settle(document));
  document.addEventListener("DOMContentLoaded", () => settle(document));
})();
