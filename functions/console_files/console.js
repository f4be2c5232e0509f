// The plain start page: connect, reconnect, disconnect, history. All through the same API that others use.
const $ = (id) => document.getElementById(id);
const KEY = "gmail-integration-key"; // in sessionStorage: for this tab only
const PAGE = 20; // sends shown at first, and more each time
const MOST = 500; // of the API

// What a code means to somebody who sits here, and what to do about it.
const WORDS = {
  consent_denied: ["Nothing was connected: access was not allowed on Google's page.", "Connect again and choose Allow."],
  invalid_state: [
    "Nothing was connected: the sign-in link was used already, has expired, or belongs to another browser.",
    "Connect again. A link works once, for ten minutes, in the browser that asked for it.",
  ],
  insufficient_permissions: [
    "Nothing was connected: the permission to send email was left unticked.",
    "Connect again and leave every permission ticked on Google's page.",
  ],
  wrong_account: [
    "Nothing was connected: another Google account than the expected one was chosen.",
    "Reconnect, and choose the account that the button stands beside.",
  ],
  reauth_required: [
    "Nothing was connected: Google gave no lasting access, so sending would have ended within the hour.",
    "Remove this application at myaccount.google.com/permissions, then connect again.",
  ],
  invalid_credentials: [
    "Nothing was connected: Google does not accept the OAuth client of this installation.",
    "Whoever runs it can find out why with: python -m functions doctor",
  ],
  gmail_rejected: [
    "Nothing was connected: Google refuses this for the account.",
    "Ask the administrator of the account whether applications may use its Gmail, then connect again.",
  ],
  conflict: ["The account was being changed by somebody else.", "Press Refresh, and try again if it is still needed."],
  not_found: ["It is not there any more.", "Press Refresh to see what is."],
  rate_limited: ["Too much was asked for in a short time.", "Wait a minute, then try again."],
  unavailable: ["A service that is needed for this does not answer.", "Wait a minute, then try again."],
  internal: ["Something went wrong on the server.", "Try again. If it happens again, look into the server's log."],
  unauthenticated: ["This key is not valid, or not any more.", "Enter another one."],
  offline: ["The server can't be reached.", "Check that it is running and that you are online, then press Refresh."],
};
// Where the server knows better than this table: which scope is missing, which setting.
const SERVER_KNOWS = ["forbidden", "invalid_request"];

const PROBLEMS = {
  reauth_required: "Google no longer accepts this connection: it expired, or was withdrawn. Reconnect to send again.",
};
const STATUS = { sent: "good", failed: "bad", unknown: "warn", cancelled: "calm" };

let shown = PAGE; // how many sends
let reading = 0; // the last of the reads under way: an earlier one that ends later is not shown
let pending = ""; // a connection that waits for a key to be confirmed with

async function call(method, path, body) {
  let response;
  let answer = null;
  try {
    response = await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        Authorization: `Bearer ${sessionStorage.getItem(KEY)}`,
        ...(body ? { "Content-Type": "application/json" } : {}),
      },
      body: body && JSON.stringify(body),
    });
    if (response.status !== 204) answer = await response.json();
  } catch {
    // No connection; or an answer of something in between that is no JSON.
    throw { code: response ? "unavailable" : "offline" };
  }
  if (!response.ok) throw answer.code ? answer : { code: "internal" };
  return answer;
}

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function notice(kind, text = "", remedy = "") {
  $("notice").className = kind;
  $("notice").replaceChildren(
    ...(text ? [element("p", "", text)] : []),
    ...(remedy ? [element("p", "", remedy)] : []),
  );
}

function words(problem) {
  if (SERVER_KNOWS.includes(problem.code) && problem.detail) return [problem.detail, problem.remedy];
  return Object.hasOwn(WORDS, problem.code) ? WORDS[problem.code] : WORDS.internal;
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function time(value) {
  const made = element("time", "soft", moment.format(new Date(value)));
  made.dateTime = value;
  return made;
}

function button(text, email, className, work) {
  const made = element("button", className, text);
  made.type = "button";
  made.setAttribute("aria-label", `${text} ${email}`);
  made.addEventListener("click", () => act(made, work));
  return made;
}

function accountRow(account) {
  const row = element("li", "line");
  const about = element("div", "about");
  const title = element("div", "title");
  title.append(element("strong", "", account.email));
  if (account.is_default) title.append(element("span", "pill calm", "default"));
  const [kind, state] = account.problem
    ? [account.capabilities.send && account.status === "connected" ? "warn" : "bad", "needs attention"]
    : ["good", "connected"];
  title.append(element("span", `pill ${kind}`, state));
  const facts = element("p", "soft", account.name ? `${account.name} · ` : "");
  if (account.last_sent_at) facts.append("last sent ", time(account.last_sent_at));
  else facts.append("connected ", time(account.connected_at));
  about.append(title, facts);
  const buttons = element("div", "buttons");
  if (account.problem) {
    about.append(element("p", "", PROBLEMS[account.problem.code] ?? `${account.problem.detail} ${account.problem.remedy}`));
    buttons.append(button("Reconnect", account.email, "", () => connect(account.email)));
  }
  buttons.append(button("Disconnect", account.email, "quiet", () => disconnect(account)));
  row.append(about, buttons);
  return row;
}

function sendRow(send) {
  const row = element("li", "send");
  const to = [...send.to, ...send.cc, ...send.bcc].map((address) => address.email);
  const more = to.length > 3 ? ` and ${to.length - 3} more` : "";
  row.append(
    element("strong", "", send.subject || "(no subject)"),
    element("span", `pill ${STATUS[send.status] ?? "calm"}`, send.status),
    element("p", "soft", `${send.from.email} → ${to.slice(0, 3).join(", ")}${more}`),
    time(send.sent_at ?? send.created_at),
  );
  if (send.status !== "sent") row.append(element("p", `why ${STATUS[send.status] ?? "calm"}`, send.explanation));
  return row;
}

async function accounts() {
  const found = [];
  for (let token = ""; token !== null; ) {
    const page = await call("GET", `/api/gmail/accounts/?page_size=${MOST}&page_token=${encodeURIComponent(token)}`);
    found.push(...page.accounts);
    token = page.next_page_token;
  }
  return found;
}

async function refresh() {
  const known = Boolean(sessionStorage.getItem(KEY));
  $("key-form").hidden = known;
  $("content").hidden = $("leave").hidden = !known;
  if (!known) return;
  const mine = ++reading;
  $("content").setAttribute("aria-busy", "true");
  try {
    const found = await Promise.all([accounts(), call("GET", `/api/gmail/history/?page_size=${shown}`)]);
    if (mine === reading) show(...found);
  } finally {
    if (mine === reading) $("content").setAttribute("aria-busy", "false");
  }
}

function show(found, sends) {
  const focused = document.activeElement?.getAttribute("aria-label");
  $("accounts").replaceChildren(...found.map(accountRow));
  $("no-accounts").hidden = found.length > 0;
  $("sends").replaceChildren(...sends.sends.map(sendRow));
  $("no-sends").hidden = sends.sends.length > 0;
  $("first-send").hidden = found.length === 0;
  $("older").hidden = sends.next_page_token === null || shown >= MOST;
  // Whoever stood on a button of the list still stands there.
  if (focused) document.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
}

// Does what a button is for. What goes wrong is said, and the keyboard is left where one can go on.
async function act(pressed, work) {
  if (pressed?.getAttribute("aria-disabled")) return;
  pressed?.setAttribute("aria-disabled", "true");
  try {
    await work();
  } catch (problem) {
    if (!problem.code) throw problem;
    notice("bad", ...words(problem));
    if (problem.code === "unauthenticated") askForKey(true);
    else $("notice").focus();
  } finally {
    pressed?.removeAttribute("aria-disabled");
  }
}

function askForKey(wrong) {
  sessionStorage.removeItem(KEY);
  reading++;
  for (const list of ["accounts", "sends"]) $(list).replaceChildren();
  $("key-form").hidden = false;
  $("content").hidden = $("leave").hidden = true;
  $("key").value = "";
  $("key").setAttribute("aria-invalid", String(wrong));
  $("key").setAttribute("aria-describedby", wrong ? "notice key-hint" : "key-hint");
  $("key").focus();
}

async function useKey(key) {
  // What can't stand in a header is no key.
  if (!/^[\x21-\x7e]+$/.test(key)) throw { code: "unauthenticated" };
  sessionStorage.setItem(KEY, key);
  notice("");
  await start();
}

async function start() {
  try {
    if (pending && sessionStorage.getItem(KEY)) await confirmPending();
  } finally {
    await refresh();
  }
}

async function confirmPending() {
  const body = { pending };
  pending = "";
  try {
    const account = await call("POST", "/api/gmail/oauth2callback/", body);
    notice("good", `${account.email} is connected.`);
  } catch (problem) {
    if (problem.code === "unauthenticated") pending = body.pending; // for the next key
    throw problem;
  }
}

async function connect(email) {
  const query = new URLSearchParams({ return_to: `${location.origin}/` });
  if (email) query.set("expected_email", email);
  location.assign((await call("GET", `/api/gmail/authorize/?${query}`)).authorization_url);
}

async function disconnect(account) {
  $("disconnect-title").textContent = `Disconnect ${account.email}?`;
  $("disconnect").returnValue = "";
  $("disconnect").showModal();
  await new Promise((resolve) => $("disconnect").addEventListener("close", resolve, { once: true }));
  if ($("disconnect").returnValue !== "disconnect") return;
  await call("DELETE", `/api/gmail/accounts/${account.id}/`);
  notice("good", `${account.email} is disconnected.`);
  await refresh();
  $("notice").focus(); // the button is gone
}

// The key comes in the fragment, which browsers send to no server, and leaves the address bar at once.
function keyFromAddress() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key) history.replaceState(null, "", location.pathname + location.search);
  return key;
}

// How a sign-in ended, taken out of the address so that a reload does not say it again.
function resultFromAddress() {
  const query = new URLSearchParams(location.search);
  const status = query.get("status");
  if (!status) return;
  history.replaceState(null, "", location.pathname);
  if (status === "connected") notice("good", "The account is connected.");
  if (status === "error") notice("bad", ...words({ code: query.get("code") }));
  if (status === "confirm") {
    pending = query.get("pending");
    if (!sessionStorage.getItem(KEY)) notice("warn", "Enter your key to finish connecting the account.");
  }
  $("notice").focus();
}

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  act(event.submitter, async () => {
    await useKey($("key").value.trim());
    $("key").value = "";
    $("accounts-title").focus();
  });
});
$("connect").addEventListener("click", () => act($("connect"), () => connect()));
$("refresh").addEventListener("click", () =>
  act($("refresh"), async () => {
    await refresh();
    notice("");
  }),
);
$("older").addEventListener("click", () =>
  act($("older"), async () => {
    shown = Math.min(shown + PAGE, MOST);
    await refresh();
  }),
);
$("leave").addEventListener("click", () => {
  notice("");
  askForKey(false);
});
// The printed link, opened in a tab that has the page already, loads nothing.
window.addEventListener("hashchange", () => {
  const key = keyFromAddress();
  if (key) act(null, () => useKey(key));
});
// Back from a terminal, where something was sent.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && sessionStorage.getItem(KEY)) act(null, refresh);
});

$("example").textContent = `curl ${location.origin}/api/gmail/send/ \\
  -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
  -d '{"to": ["grace@example.com"], "subject": "Hello", "text": "It works."}'`;

const key = keyFromAddress();
resultFromAddress();
act(null, () => (key ? useKey(key) : start()));
