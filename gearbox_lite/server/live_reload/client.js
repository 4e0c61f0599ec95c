// Live reload of gearbox-lite: loads this page again when the application, a template or a style sheet has changed.
// Only a development server appends it to pages; see "See changes in the browser" in the documentation.
"use strict";
(() => {
  const script = document.currentScript;
  const page = script.dataset.page;
  const isErrorPage = "error" in script.dataset;
  const isAnswerToPost = "posted" in script.dataset;
  const STORED = "gearbox-lite live reload";
  const here = () => location.pathname + location.search; // which a script of the page may change

  // The connection: one for all visible tabs, since a browser opens six to a server in all its tabs together. Each tab
  // asks once what its page has missed. Then the tab that has the lock stays connected, and tells the others; without
  // locks and channels, each stays connected.

  const FIRST_PAUSE = 200; // milliseconds
  const LAST_PAUSE = 5000;
  const SHARED = `${STORED} ${new URL(script.src).pathname}`;
  let stream = null;
  let isCurrent = false; // the stream has told what the page has missed
  let timer = 0;
  let pause = FIRST_PAUSE;
  let known = page;
  let channel = null;
  let waiting = null; // for the lock
  let release = null; // gives the lock back; null while this tab does not have it

  function connect() {
    clearTimeout(timer);
    if (stream || document.hidden || isInnerFrame()) return;
    share();
    const address = new URL("events", script.src);
    address.searchParams.set("page", known);
    stream = new EventSource(address);
    stream.onopen = () => { pause = FIRST_PAUSE; };
    stream.onmessage = (event) => {
      if (release && isCurrent) channel.postMessage({ told: event.data, id: event.lastEventId });
      follow(event.data, event.lastEventId);
    };
    stream.addEventListener("current", () => {
      isCurrent = true;
      channel?.postMessage(release ? { leads: true } : { asks: true });
    });
    stream.onerror = () => {
      const isRefused = stream.readyState === EventSource.CLOSED; // by another server, so only asked when shown again
      closeStream();
      if (isRefused) return leave();
      timer = setTimeout(connect, pause);
      pause = Math.min(pause * 1.5, LAST_PAUSE);
    };
  }

  function follow(event, id) {
    known = id || known; // what this page has been told is not told again
    actions[event]?.();
  }

  function share() {
    if (channel || !window.BroadcastChannel || !navigator.locks) return;
    channel = new BroadcastChannel(SHARED);
    channel.onmessage = ({ data: { told, id, asks, leads, stays } }) => {
      if (asks && release && isCurrent) channel.postMessage({ stays: true });
      if ((leads || stays) && isCurrent && !release) closeStream();
      else if (leads) connect(); // a change may have come between the tab that led before and this one
      if (told && !stream) follow(told, id);
    };
    waiting = new AbortController();
    const joined = channel;
    const lead = () => joined === channel && new Promise((resolve) => { // else it left before it got the lock
      release = resolve;
      if (isCurrent) channel.postMessage({ leads: true });
      else connect();
    });
    navigator.locks.request(SHARED, { signal: waiting.signal }, lead).catch(() => {}); // left, or not allowed
  }

  function closeStream() {
    clearTimeout(timer);
    stream?.close();
    stream = null;
    isCurrent = false;
  }

  function leave() {
    waiting?.abort();
    release?.();
    channel?.close();
    waiting = release = channel = null;
  }

  function disconnect() {
    closeStream();
    leave();
  }

  // A frame of the same site is loaded again together with the page around it, whose script may run later.
  function isInnerFrame() {
    try {
      if (window === top || STORED in top) return window !== top;
      if (top.document.readyState === "complete") return false;
      top.addEventListener("load", connect, { once: true });
      return true;
    } catch {
      return false; // another site's page is around it
    }
  }

  // What the server tells.

  const actions = {
    reload,
    async refetch() {
      const kinds = new Set(["css", "image", "img", "input", "link", "script", "video"]);
      const loaded = performance.getEntriesByType("resource").filter((entry) => kinds.has(entry.initiatorType));
      await fetchAgain(loaded.map((entry) => entry.name));
      reload();
    },
    "replace-styles": async () => {
      const documents = sameSiteDocuments(window);
      const links = documents.flatMap((one) => [...one.querySelectorAll("link[rel~=stylesheet][href]")]);
      for (const link of links.filter((one) => STORED in one)) link.remove(); // a copy that still loads
      const own = links.filter((one) => one.isConnected && isSameSite(one.href));
      if (own.length === 0) return reload(); // its styles may be part of the page
      await fetchAgain(documents.flatMap((one) => [...one.styleSheets].flatMap(importedSheets)));
      own.forEach(replaceStyles);
    },
  };

  function reload() {
    disconnect();
    store();
    // After a POST, the browser would ask whether to send the form again.
    if (isAnswerToPost) location.replace(location.href.split("#")[0]);
    else location.reload();
  }

  function replaceStyles(link) {
    const copy = link.cloneNode();
    const address = new URL(link.href);
    address.searchParams.set("live_reload", Date.now());
    copy.href = address;
    copy.removeAttribute("integrity");
    copy[STORED] = true;
    copy.onload = () => {
      delete copy[STORED];
      link.remove();
    };
    copy.onerror = () => { copy.remove(); };
    link.after(copy);
  }

  function importedSheets(sheet) {
    try {
      const imported = [...sheet.cssRules].map((rule) => rule.styleSheet).filter((one) => one?.href);
      return imported.flatMap((one) => [one.href, ...importedSheets(one)]);
    } catch {
      return []; // another site's sheet, or one that has not been loaded
    }
  }

  function sameSiteDocuments(frame) {
    try {
      return [frame.document, ...Array.from(frame).flatMap(sameSiteDocuments)];
    } catch {
      return []; // another site's frame
    }
  }

  // Have the browser's cache replaced, which may hold a file without asking whether it has changed.
  function fetchAgain(addresses) {
    const own = new Set(addresses.filter((one) => isSameSite(one) && one !== script.src));
    return Promise.allSettled([...own].map((one) => fetch(one, { cache: "reload" })));
  }

  function isSameSite(address) {
    return new URL(address).origin === location.origin;
  }

  // What a reload keeps: the scroll position, and what users have typed, but no secrets and nothing hidden, such as
  // tokens against CSRF. An error page in between only passes it on.

  const SECRET =
    /pass(w|phrase|code)|pwd|secret|token|csrf|one-time-code|cc-|(^|[^a-z])(pass|pin|otp|cvc|cvv)([^a-z]|$)/i;
  const passwords = new WeakSet(document.querySelectorAll("input[type=password]")); // also once they are shown as text
  let stored = take();

  function store() {
    if (!isErrorPage) {
      const fields = [...namedFields()].filter(([, field]) => isChanged(field));
      const focused = [...namedFields()].find(([, field]) => field === document.activeElement);
      const { restoration } = stored ?? {};
      stored = {
        here: here(),
        restoration,
        scroll: [scrollX, scrollY],
        fields: fields.map(([name, field]) => [name, field.type, valueOf(field)]),
        focused: focused?.[0],
      };
    }
    const restoration = stored?.restoration ?? history.scrollRestoration;
    history.scrollRestoration = "manual"; // the browser would restore that of an error page in between
    try {
      sessionStorage.setItem(STORED, JSON.stringify({ ...stored, page, restoration }));
    } catch {
      // The browser keeps no data for this page, or no more.
    }
  }

  function take() {
    try {
      const found = JSON.parse(sessionStorage.getItem(STORED));
      sessionStorage.removeItem(STORED);
      return found;
    } catch {
      return null;
    }
  }

  function restore() {
    if (stored === null) return;
    if (stored.page === page) known = ""; // a copy from a cache, which another reload would only show again
    const { restoration } = stored;
    afterLoad(() => setTimeout(() => { history.scrollRestoration = restoration; }, 0)); // browsers restore after load
    if (isErrorPage || stored.here !== here()) return;
    const fields = new Map(namedFields());
    for (const [name, type, value] of stored.fields) {
      const field = fields.get(name);
      if (field?.type === type) setValue(field, value);
    }
    fields.get(stored.focused)?.focus({ preventScroll: true });
    const [left, top] = stored.scroll;
    scrollTo({ left, top, behavior: "instant" });
    const reached = [scrollX, scrollY]; // perhaps less, since images and styles are missing
    afterLoad(() => {
      if (scrollX === reached[0] && scrollY === reached[1]) scrollTo({ left, top, behavior: "instant" });
    });
  }

  function afterLoad(action) {
    if (document.readyState === "complete") action();
    else window.addEventListener("load", action, { once: true });
  }

  // Fields by their name and their place among those of the same name.
  function namedFields() {
    const counts = new Map();
    const fields = [...document.querySelectorAll("input, select, textarea")];
    return fields
      .filter((one) => one.name && !["file", "hidden", "password"].includes(one.type))
      .filter((one) => !passwords.has(one) && !SECRET.test(`${one.name} ${one.autocomplete}`))
      .map((one) => {
        counts.set(one.name, (counts.get(one.name) ?? 0) + 1);
        return [`${counts.get(one.name)} ${one.name}`, one];
      });
  }

  const isChoice = (field) => field.type === "checkbox" || field.type === "radio";

  function isChanged(field) {
    if (isChoice(field)) return field.checked !== field.defaultChecked;
    const options = [...(field.options ?? [])];
    if (field.type === "select-one" && !options.some((one) => one.defaultSelected)) {
      return field.selectedIndex !== options.findIndex((one) => !one.disabled); // what browsers select by themselves
    }
    if (field.options) return options.some((one) => one.selected !== one.defaultSelected);
    return field.value !== field.defaultValue;
  }

  function valueOf(field) {
    if (isChoice(field)) return field.checked;
    return field.options ? [...field.selectedOptions].map((one) => one.value) : field.value;
  }

  function setValue(field, value) {
    if (isChoice(field)) field.checked = value;
    else if (field.options) for (const one of field.options) one.selected = value.includes(one.value);
    else field.value = value;
  }

  window[STORED] = true;
  restore();
  connect();
  document.addEventListener("visibilitychange", () => {
    pause = FIRST_PAUSE;
    if (document.hidden) disconnect();
    else connect();
  });
  window.addEventListener("pagehide", disconnect);
  window.addEventListener("pageshow", connect);
})();
