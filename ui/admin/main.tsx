/** Puts the operators' page into the document. */
import { render } from "preact";
import { AdminApp } from "./app.tsx";
import "../styles/base.css";
import "../styles/brand.css";
import "../styles/parts.css";
import "./admin.css";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");
render(<AdminApp />, root);
