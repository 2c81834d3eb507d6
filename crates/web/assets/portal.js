// Speed and comfort on top of pages that work without it: copying, hiding secrets again, themes,
// keys, and calm announcements. Regions are replaced by htmx; nothing is evaluated or stored.
(() => {
  "use strict";
  const doc = document;
  const root = doc.documentElement;
  const byId = (id) => doc.getElementById(id);

  function announce(text) {
    const place = byId("announcer");
    if (!place || !text) return;
    place.textContent = "";
    setTimeout(() => { place.textContent = text; }, 50);
  }

  // Copying.
  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      announce("Copying is not permitted by this browser");
      return;
    }
    announce("Copied");
    const label = button.lastChild;
    if (button.dataset.was === undefined) button.dataset.was = label.textContent;
    label.textContent = "Copied";
    button.classList.add("done");
    clearTimeout(button.timer);
    button.timer = setTimeout(() => {
      label.textContent = button.dataset.was;
      button.classList.remove("done");
    }, 1600);
  }

  // The key is fetched, copied and dropped; when the password is needed, the page asks for it.
  async function copySecret(button) {
    const form = button.form;
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById(button.dataset.copySecret);
    if (answer.ok && found) copy(found.textContent, button);
    else form.submit();
  }

  doc.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy],[data-copy-text],[data-copy-secret]");
    if (button) {
      if (button.dataset.copySecret) {
        event.preventDefault();
        copySecret(button).catch(() => button.form.submit());
      } else {
        copy(button.dataset.copyText ?? byId(button.dataset.copy).textContent, button);
      }
      return;
    }
    const value = event.target.closest("[data-select]");
    if (value && getSelection().isCollapsed) getSelection().selectAllChildren(value);
    for (const menu of doc.querySelectorAll("details.pick[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  // A revealed secret leaves the page by itself.
  for (const secret of doc.querySelectorAll("[data-hide-after]")) {
    setTimeout(() => {
      const code = secret.querySelector("code");
      if (code) code.textContent = "";
      location.replace(secret.dataset.hideTo);
    }, Number(secret.dataset.hideAfter) * 1000);
  }

  // Themes change at once and are remembered by the server.
  doc.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-theme-switch]");
    const button = event.submitter;
    if (!form || !button) return;
    event.preventDefault();
    if (button.value === "system") delete root.dataset.theme;
    else root.dataset.theme = button.value;
    for (const other of form.querySelectorAll("[name=theme]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    const body = new URLSearchParams(new FormData(form));
    body.set("theme", button.value);
    fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => form.submit());
  });

  // Keys; never while typing, and off when the person switched them off.
  const places = { d: "/domains", c: "/certificates", a: "/accounts", h: "/" };
  let afterG = false;
  doc.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of doc.querySelectorAll("details.pick[open]")) {
        menu.open = false;
        if (menu.contains(doc.activeElement)) menu.querySelector("summary").focus();
      }
      return;
    }
    if (root.dataset.shortcuts === undefined) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=radio],[type=checkbox]),textarea,select")) return;
    if (afterG && places[event.key]) location.assign(places[event.key]);
    afterG = event.key === "g";
    if (event.key === "/") {
      const search = doc.querySelector("[data-search]");
      event.preventDefault();
      if (search) { search.focus(); search.select(); } else location.assign("/domains");
    }
    if (event.key === "n") doc.querySelector(".head .actions a.primary")?.click();
  });

  // Live regions: what changed is announced once; nothing moves while somebody reads in it.
  let announced = doc.querySelector("[data-announce]")?.dataset.announce;
  doc.addEventListener("htmx:afterSettle", () => {
    const text = doc.querySelector("[data-announce]")?.dataset.announce;
    if (text && text !== announced) announce(text);
    announced = text;
    localise();
  });
  doc.addEventListener("htmx:beforeRequest", (event) => {
    const region = event.target.closest?.("[data-live]");
    if (!region) return;
    const isRead = region.contains(doc.activeElement) || region.querySelector("details[open]");
    region.querySelector("[data-live-text]").textContent = isRead ? "Paused while you read" : "Live";
    region.classList.toggle("paused", Boolean(isRead));
    if (isRead) event.preventDefault();
  });

  // Times in the viewer's own zone, which the foot names; UTC stays one hover away.
  // Written as the server writes them, since the words around them are English in every browser.
  const day = { day: "numeric", month: "short", year: "numeric" };
  const shown = {
    day: new Intl.DateTimeFormat("en-GB", day),
    moment: new Intl.DateTimeFormat("en-GB", { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  };
  function localise() {
    for (const time of doc.querySelectorAll("time[data-shown]")) {
      const moment = new Date(time.dateTime);
      if (!Number.isNaN(moment.getTime())) time.textContent = shown[time.dataset.shown].format(moment).replace("Sept", "Sep");
    }
  }
  localise();
  const place = shown.day.resolvedOptions().timeZone;
  const zone = doc.querySelector("[data-zone]");
  if (zone && place !== "UTC") zone.textContent = `Times are shown for ${place}; on hover, in UTC.`;

  // Passwords can be looked at while they are typed, and are hidden again before they are sent.
  function peek(button, isSeen) {
    byId(button.dataset.peek).type = isSeen ? "text" : "password";
    button.setAttribute("aria-pressed", String(isSeen));
  }
  for (const button of doc.querySelectorAll("[data-peek]")) {
    button.hidden = false;
    button.addEventListener("click", () => peek(button, button.getAttribute("aria-pressed") !== "true"));
    byId(button.dataset.peek).form?.addEventListener("submit", () => peek(button, false));
  }

  // On the sheet of components nothing is wrong.
  doc.querySelector(":not([data-sheet]) > [data-focus]")?.focus();
})();
