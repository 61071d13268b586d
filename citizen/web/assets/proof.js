// Checks, in the reader's own browser, that an event is in the access ledger:
// docs/ledger-format.md says what is checked. Nothing is loaded and nothing is sent.
//
// A page holds the document in an element with data-proof and may name, in
// data-proof-key, the public key that it was published with. What came of it is
// written into the element with data-proof-result, and its class tells it too.
(function () {
  "use strict";

  const FORMAT = "dcr-ledger-proof/1";
  const ORIGIN = "dcr-ledger/";
  const MEMBERS = ["format", "instance", "seq", "key", "leaf", "data", "path", "checkpoint"];
  const HASH = 32;

  class Refused extends Error {}
  const refuse = (words) => { throw new Refused(words); };

  const bytesOf = (text) => new TextEncoder().encode(text);
  const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

  function join(...parts) {
    const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const p of parts) {
      out.set(p, at);
      at += p.length;
    }
    return out;
  }

  // base64 with bits that count for nothing is refused: every byte counts.
  function base64(text, what) {
    if (typeof text !== "string") refuse(what + " is missing.");
    let raw;
    try {
      raw = atob(text);
    } catch {
      refuse(what + " cannot be read: it was changed.");
    }
    if (btoa(raw) !== text) refuse(what + " is not written as the ledger writes it: it was changed.");
    return Uint8Array.from(raw, (c) => c.charCodeAt(0));
  }

  const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const node = (left, right) => sha256(join([1], left, right));

  function read(text) {
    let doc;
    try {
      doc = JSON.parse(text);
    } catch {
      refuse("This is not a proof of the ledger, or it was cut or changed.");
    }
    if (doc === null || typeof doc !== "object" || Array.isArray(doc)) refuse("This is not a proof of the ledger.");
    if (doc.format !== FORMAT) refuse("The format is not " + FORMAT + ": another version of the service wrote it, or it was changed.");
    const members = Object.keys(doc);
    const want = MEMBERS.filter((m) => m !== "data" || "data" in doc);
    if (members.join() !== want.join() || JSON.stringify(doc) !== text.trim()) {
      refuse("The document is not written as the ledger writes it: something in it was changed.");
    }
    if (!Number.isSafeInteger(doc.seq) || doc.seq < 0) refuse("The event's number is not a number.");
    if (typeof doc.instance !== "string" || typeof doc.key !== "string" || typeof doc.checkpoint !== "string" || !Array.isArray(doc.path)) {
      refuse("A part of the proof is missing.");
    }
    return doc;
  }

  // keyOf reads a public key: name, eight hex digits, and base64 of 1 and the key.
  async function keyOf(doc, given) {
    if (given && given !== doc.key) refuse("The document names another public key than the one published: it is not from that ledger, or was changed.");
    const [name, hex, ...rest] = doc.key.split("+"); // base64 may hold more of them
    if (name !== ORIGIN + doc.instance) refuse("The public key is not that of the instance that the document names.");
    const raw = base64(rest.join("+"), "The public key");
    const sum = (await sha256(join(bytesOf(name + "\n"), raw))).slice(0, 4);
    const digits = Array.from(sum, (b) => b.toString(16).padStart(2, "0")).join("");
    if (raw.length !== 33 || raw[0] !== 1 || hex !== digits) refuse("The public key cannot be read: it was changed.");
    return { name, hash: sum, raw: raw.slice(1) };
  }

  // checkpointOf takes the signed note apart.
  function checkpointOf(doc, key) {
    const end = doc.checkpoint.lastIndexOf("\n\n");
    if (end < 0) refuse("The checkpoint cannot be read: it was cut or changed.");
    const text = doc.checkpoint.slice(0, end + 1);
    const start = "\u2014 " + key.name + " ";
    const line = doc.checkpoint.slice(end + 2);
    if (!line.startsWith(start) || !line.endsWith("\n") || line.indexOf("\n") !== line.length - 1) {
      refuse("The checkpoint is not signed by the ledger's key, and by nobody else.");
    }
    const signature = base64(line.slice(start.length, -1), "The checkpoint's signature");
    if (signature.length !== 68 || !same(signature.slice(0, 4), key.hash)) refuse("The checkpoint is signed with another key.");
    const lines = text.split("\n");
    if (lines[0] !== key.name) refuse("The checkpoint is not of the instance that the document names.");
    if (!/^(0|[1-9][0-9]*)$/.test(lines[1]) || !Number.isSafeInteger(Number(lines[1]))) refuse("The checkpoint's size is not a number.");
    const root = base64(lines[2], "The checkpoint's root");
    if (root.length !== HASH) refuse("The checkpoint's root is not a hash.");
    const time = lines.find((l) => l.startsWith("time "));
    return { text, size: Number(lines[1]), root, time: time ? time.slice(5) : "", signature: signature.slice(4) };
  }

  // rootOf walks the audit path from the leaf up (RFC 9162, 2.1.3.2).
  async function rootOf(leaf, seq, size, path) {
    let hash = leaf, fn = seq, sn = size - 1;
    for (const p of path) {
      if (sn === 0) refuse("The path is not as long as the log is high: it was changed.");
      if (fn % 2 === 1 || fn === sn) {
        hash = await node(p, hash);
        while (fn % 2 === 0 && fn !== 0) {
          fn = Math.floor(fn / 2);
          sn = Math.floor(sn / 2);
        }
      } else {
        hash = await node(hash, p);
      }
      fn = Math.floor(fn / 2);
      sn = Math.floor(sn / 2);
    }
    if (sn !== 0) refuse("The path is not as long as the log is high: it was changed.");
    return hash;
  }

  // signed reports whether the signature holds; undefined where the browser cannot tell.
  async function signed(key, checkpoint) {
    let imported;
    try {
      imported = await crypto.subtle.importKey("raw", key.raw, { name: "Ed25519" }, false, ["verify"]);
    } catch {
      return undefined;
    }
    return crypto.subtle.verify({ name: "Ed25519" }, imported, checkpoint.signature, bytesOf(checkpoint.text));
  }

  const FIELDS = [, "time", "request", "kind", "caller", "name", "role", "organisation", "client", "onBehalf", "action", "outcome", "basis", "person", "sections", "what"];

  // eventOf reads the payload (Protocol Buffers wire format) behind mark and salt.
  function eventOf(data) {
    const text = new TextDecoder("utf-8", { fatal: true });
    if (data.length < 20 || new TextDecoder().decode(data.slice(0, 4)) !== "DCR1") refuse("The event has a form that this page does not know.");
    const out = {};
    let at = 20;
    const number = () => {
      let n = 0n;
      for (let shift = 0n; shift < 64n; shift += 7n) {
        if (at >= data.length) refuse("The event is cut short.");
        const b = data[at++];
        n |= BigInt(b & 127) << shift;
        if (b < 128) return Number(n);
      }
      return refuse("The event has a number that is none.");
    };
    while (at < data.length) {
      const tag = number(), name = FIELDS[Math.floor(tag / 8)];
      switch (tag % 8) {
        case 0: {
          const n = number();
          if (name) out[name] = n;
          break;
        }
        case 2: {
          const n = number();
          if (at + n > data.length) refuse("The event is cut short.");
          if (name) out[name] = text.decode(data.slice(at, at + n));
          at += n;
          break;
        }
        case 1: at += 8; break;
        case 5: at += 4; break;
        default: refuse("The event has a field that is none.");
      }
    }
    if (out.time) out.time = new Date(out.time / 1000).toISOString();
    return out;
  }

  // check verifies a document and returns what it shows; it throws with the reason
  // where anything does not hold. signature is false where the browser has no
  // Ed25519: then that part is for "dcr ledger check".
  async function check(text, publishedKey) {
    const doc = read(text);
    const key = await keyOf(doc, publishedKey);
    const checkpoint = checkpointOf(doc, key);
    const leaf = base64(doc.leaf, "The event's hash");
    if (leaf.length !== HASH) refuse("The event's hash is not a hash.");
    const path = doc.path.map((h, i) => base64(h, "Hash " + i + " of the path"));
    if (path.some((h) => h.length !== HASH)) refuse("The path holds what is not a hash.");
    const result = { instance: doc.instance, seq: doc.seq, signedAt: checkpoint.time, size: checkpoint.size, retired: !("data" in doc) };
    if ("data" in doc) {
      const data = base64(doc.data, "The event");
      if (!same(await sha256(join([0], data)), leaf)) refuse("The event does not match its own hash: it was changed.");
      result.event = eventOf(data);
    }
    if (doc.seq >= checkpoint.size) refuse("The checkpoint ends before this event.");
    if (!same(await rootOf(leaf, doc.seq, checkpoint.size, path), checkpoint.root)) {
      refuse("The event is not in the log that the checkpoint signs for: the event, its number, the path or the checkpoint was changed.");
    }
    const holds = await signed(key, checkpoint);
    if (holds === false) refuse("The checkpoint's signature does not hold for the ledger's key: the checkpoint was changed, or another wrote it.");
    result.signature = holds === true;
    return result;
  }

  function words(r) {
    const parts = ["Event " + r.seq + " is in the ledger " + r.instance + ", among the " + r.size + " events that were signed for at " + r.signedAt + "."];
    if (r.event) {
      const who = [r.event.name || r.event.client || r.event.caller, r.event.organisation].filter(Boolean).join(", ");
      parts.push("What was signed: " + (r.event.time || "no time") + (who ? ", " + who : "") + (r.event.what ? ", " + r.event.what : "") + ".");
    } else {
      parts.push("What it said was removed from the ledger; that it took place still shows.");
    }
    parts.push(r.signature ? "The ledger's signature holds." :
      "This browser cannot check the ledger's signature. Save the proof and check it with: dcr ledger check");
    return parts.join(" ");
  }

  async function run(source, target) {
    const show = (text, state) => {
      target.textContent = text;
      target.setAttribute("data-proof-state", state);
    };
    if (!globalThis.crypto || !crypto.subtle) {
      show("This browser cannot check proofs here. Save the proof and check it with: dcr ledger check", "unable");
      return;
    }
    try {
      const r = await check("value" in source ? source.value : source.textContent, source.getAttribute("data-proof-key") || "");
      show(words(r), r.signature ? "holds" : "partly");
    } catch (e) {
      show("This proof does not hold. " + (e instanceof Refused ? e.message : "It could not be checked."), "fails");
    }
  }

  if (typeof module !== "undefined" && module.exports) {
    module.exports = { check, words };
    return;
  }
  const start = () => {
    const source = document.querySelector("[data-proof]"), target = document.querySelector("[data-proof-result]");
    if (source && target) run(source, target);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
