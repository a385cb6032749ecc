// Adds to the cart without leaving the page. Without this file, the forms do the same with a reload.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("cart" in form.dataset)) return;
  event.preventDefault();
  await fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form))});
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  document.getElementById("cart").replaceWith(page.getElementById("cart"));
});
