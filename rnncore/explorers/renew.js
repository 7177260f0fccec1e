// Draw anew, but touch only what has changed: setting one text is far cheaper for the browser than laying out a new picture.

/** Make the children of `place` equal to `fresh`. An element that stays keeps its own listeners, so these may depend on its place only. */
function renew(place, ...fresh) {
  const old = [...place.childNodes];
  fresh.forEach((child, k) => (k < old.length ? renewNode(old[k], child) : place.append(child)));
  old.slice(fresh.length).forEach((child) => child.remove());
}

function renewNode(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  renew(old, ...fresh.childNodes);
}
