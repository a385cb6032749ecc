// Keeps a page of perch's dashboard current. Everything on it works without this, by loading it again.
(() => {
  'use strict';
  const body = document.body;
  const path = body.dataset.path;
  const live = document.getElementById('live');
  const announcer = document.getElementById('announce');
  const byId = (id) => document.getElementById(id);

  // Times

  const duration = (ms) => {
    const seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  };
  const many = (n, word) => `${n} ${word}${n === 1 ? '' : 's'} ago`;
  const age = (ms) => {
    const minutes = Math.floor(ms / 60000);
    if (ms < 10000) return 'just now';
    if (minutes < 1) return many(Math.floor(ms / 1000), 'second');
    if (minutes < 60) return many(minutes, 'minute');
    if (minutes < 24 * 60) return many(Math.floor(minutes / 60), 'hour');
    return many(Math.floor(minutes / 1440), 'day');
  };
  const setText = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };
  const tickSeconds = () => {
    for (const element of document.querySelectorAll('[data-since]')) {
      setText(element, duration(Date.now() - Date.parse(element.dataset.since)));
    }
  };
  const tickAges = () => {
    for (const element of document.querySelectorAll('time[data-age]')) {
      setText(element, age(Date.now() - Date.parse(element.dateTime)));
    }
  };
  setInterval(tickSeconds, 1000);
  setInterval(tickAges, 5000);

  // Turning the page that is shown into the one that the server would send now, touching only what differs, so that
  // focus, selection and unfolded parts stay.

  const sameKind = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || '') === (b.id || '');
  const morphAttributes = (from, to) => {
    for (const {name} of [...from.attributes]) {
      const ours = name === 'open' || (from.tagName === 'INPUT' && name === 'value');
      if (!ours && !to.hasAttribute(name)) from.removeAttribute(name);
    }
    for (const {name, value} of to.attributes) {
      if (from.tagName === 'INPUT' && name === 'value') continue;
      if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
  };
  const morph = (from, to) => {
    if (from.dataset && from.dataset.kept !== undefined) return;
    if (from.nodeType !== Node.ELEMENT_NODE) {
      if (from.data !== to.data) from.data = to.data;
      return;
    }
    morphAttributes(from, to);
    const wantedIds = new Set([...to.children].map((child) => child.id));
    for (const child of [...from.children]) {
      if (child.id && !wantedIds.has(child.id) && child.dataset.kept === undefined) child.remove();
    }
    let at = from.firstChild;
    for (const wanted of [...to.childNodes]) {
      let found = null;
      if (wanted.id) {
        for (let child = at; child; child = child.nextSibling) {
          if (child.id === wanted.id && child.nodeName === wanted.nodeName) {
            found = child;
            break;
          }
        }
      } else if (at && !at.id && sameKind(at, wanted)) {
        found = at;
      }
      if (!found) {
        from.insertBefore(wanted, at);
        continue;
      }
      if (found !== at) from.insertBefore(found, at);
      morph(found, wanted);
      at = found.nextSibling;
    }
    while (at) {
      const next = at.nextSibling;
      if (!(at.dataset && at.dataset.kept !== undefined)) at.remove();
      at = next;
    }
  };

  // State changes are spoken.

  const states = () => {
    const all = new Map();
    for (const element of document.querySelectorAll('[data-branch]')) {
      const chip = element.querySelector('.chip');
      const title = element.querySelector('h2, h1');
      if (chip && title) all.set(element.dataset.branch, `${title.textContent}: ${chip.textContent}`);
    }
    return all;
  };
  const announceChanges = (before) => {
    const said = [];
    for (const [branch, text] of states()) {
      if (before.get(branch) !== text) said.push(text);
    }
    if (said.length > 0) announcer.textContent = said.slice(0, 3).join('. ');
  };

  // Looking again, at most one request at a time and never more often than the answers take.

  let looking = false;
  let again = false;
  let pause = 120;
  const look = async () => {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    await new Promise((done) => setTimeout(done, pause));
    again = false;
    const started = performance.now();
    try {
      const answer = await fetch(path, {headers: {Accept: 'text/html'}, credentials: 'same-origin'});
      if (answer.redirected || answer.status === 401) {
        location.reload();
        return;
      }
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const before = states();
      const focused = document.activeElement;
      morph(byId('main'), page.getElementById('main'));
      // Moving an element takes its focus away.
      if (focused.isConnected && document.activeElement !== focused) focused.focus({preventScroll: true});
      document.title = page.title;
      dress();
      filter();
      tickSeconds();
      announceChanges(before);
    } catch (error) {
      // The stream says when perch is back.
    }
    pause = Math.min(5000, Math.max(120, 4 * (performance.now() - started)));
    looking = false;
    if (again) look();
  };

  const listen = () => {
    const stream = new EventSource(`/api/events?after=${encodeURIComponent(body.dataset.after)}`);
    let lost = false;
    stream.onopen = () => {
      live.hidden = false;
      live.classList.remove('away');
      setText(byId('live-word'), 'Live');
      byId('refresh').hidden = true;
      if (lost) look();
      lost = false;
    };
    stream.onmessage = look;
    stream.addEventListener('reset', look);
    stream.onerror = () => {
      lost = true;
      live.hidden = false;
      live.classList.add('away');
      setText(byId('live-word'), 'Connecting…');
      byId('refresh').hidden = false;
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
    };
    addEventListener('pagehide', () => stream.close());
  };
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });

  // Finding

  const filter = () => {
    const box = byId('q');
    if (!box) return;
    const wanted = box.value.trim().toLowerCase();
    let shown = 0;
    for (const row of document.querySelectorAll('.branch')) {
      row.hidden = wanted !== '' && !row.querySelector('.what').textContent.toLowerCase().includes(wanted) &&
          !row.querySelector('.chip').textContent.toLowerCase().includes(wanted);
      if (!row.hidden) shown += 1;
    }
    for (const list of document.querySelectorAll('.branches')) {
      list.hidden = !list.querySelector('.branch:not([hidden])');
    }
    const fold = byId('fold');
    if (fold) {
      fold.hidden = !fold.querySelector('.branch:not([hidden])');
      if (wanted !== '' && !fold.hidden) fold.open = true;
    }
    let nothing = byId('nothing');
    if (!nothing) {
      nothing = document.createElement('p');
      nothing.id = 'nothing';
      nothing.className = 'nothing';
      nothing.setAttribute('role', 'status');
      nothing.dataset.kept = '';
      byId('board').append(nothing);
    }
    setText(nothing, shown === 0 && wanted !== '' ? 'No branch fits. Press Escape to see all.' : '');
    nothing.hidden = nothing.textContent === '';
  };
  const box = byId('q');
  if (box && !new URLSearchParams(location.search).get('q')) {
    byId('find').hidden = true;
    box.form.addEventListener('submit', (event) => event.preventDefault());
    box.addEventListener('input', filter);
    addEventListener('keydown', (event) => {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
      if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        box.focus();
      } else if (event.key === 'Escape' && document.activeElement === box) {
        box.value = '';
        filter();
      }
    });
  }

  // Logs: read when they are unfolded; followed while they grow.

  const kMostText = 400000;
  const followLog = async (details) => {
    const running = details.dataset.running !== undefined;
    let text = details.querySelector('pre');
    if (!text) {
      text = document.createElement('pre');
      text.id = details.id.replace('log-', 'text-');
      text.tabIndex = 0;
      text.setAttribute('role', 'region');
      text.setAttribute('aria-label', details.querySelector('summary').textContent);
      details.insertBefore(text, details.lastElementChild);
    }
    text.dataset.kept = '';
    try {
      const answer = await fetch(details.dataset.log + (running ? '&follow=1' : ''));
      if (!answer.ok) {
        text.textContent = 'This log is not kept any more.';
        return;
      }
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let first = true;
      for (;;) {
        const {value, done} = await reader.read();
        if (done) break;
        if (first) text.textContent = '';
        first = false;
        const atEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 40;
        text.append(value);
        text.normalize();
        if (text.textContent.length > kMostText) text.textContent = text.textContent.slice(-kMostText / 2);
        if (atEnd) text.scrollTop = text.scrollHeight;
      }
      if (first && text.textContent === '') text.textContent = 'Nothing was written.';
    } catch (error) {
      // Leaving the page ends the log, too.
    }
  };

  const dress = () => {
    for (const details of document.querySelectorAll('details[data-log]')) {
      if (details.dressed) continue;
      details.dressed = true;
      let following = false;
      const start = () => {
        if (!details.open || following) return;
        following = true;
        followLog(details);
      };
      details.addEventListener('toggle', start);
      if (details.dataset.running !== undefined) start();
      const text = details.querySelector('pre');
      if (text) text.scrollTop = text.scrollHeight;
    }
  };

  // Buttons answer at once.

  document.addEventListener('submit', (event) => {
    const button = event.target.querySelector('button[data-busy]');
    if (!button) return;
    setTimeout(() => {
      button.textContent = button.dataset.busy;
      button.disabled = true;
    });
  });

  tickSeconds();
  dress();
  if (path) listen();
})();
