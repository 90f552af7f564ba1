// Search: hides the rows that do not have every word in them. What was looked for stands in the address, to be sent on.
"use strict";
for (const input of document.querySelectorAll("input[data-table]")) {
  const rows = [...document.querySelectorAll(`#${input.dataset.table} tbody tr`)].map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
  }));
  const output = input.closest("p").querySelector("output");
  const search = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text } of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown++;
    }
    output.textContent = words.length === 0 ? "" : `${shown} of ${rows.length}`;
    const address = new URL(location.href);
    if (input.value === "") address.searchParams.delete("q");
    else address.searchParams.set("q", input.value);
    history.replaceState(null, "", address);
  };
  input.closest("p").hidden = false;
  input.value = new URL(location.href).searchParams.get("q") ?? "";
  input.addEventListener("input", search);
  if (input.value !== "") search();
}
