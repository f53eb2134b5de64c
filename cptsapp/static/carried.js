/* A form drawn anew for another choice (another kind of member) keeps what both ask. */
(() => {
  "use strict";
  const carried = new Map(); // id of a form -> what it held

  document.addEventListener("htmx:before:swap", (event) => {
    for (const form of document.querySelectorAll("form[data-carried]")) {
      if (!form.contains(event.detail.ctx?.sourceElement)) carried.set(form.id, [...new FormData(form)]);
    }
  });

  document.addEventListener("htmx:after:settle", () => {
    for (const [id, held] of carried) {
      const form = document.getElementById(id);
      for (const [name, value] of form ? held : []) {
        const field = form.elements.namedItem(name);
        if (field?.type === "checkbox") field.checked = true;
        else if (field && field.type !== "hidden" && !field.value) field.value = value;
      }
    }
    carried.clear();
  });
})();
