/** Puts the API documentation into the document. */
import { render } from "preact";
import { DocsApp } from "./app.tsx";
import "../styles/base.css";
import "../styles/brand.css";
import "../styles/parts.css";
import "./docs.css";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");
render(<DocsApp />, root);
