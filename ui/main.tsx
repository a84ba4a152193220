/** Puts the page into the document. */
import { render } from "preact";
import { App } from "./app.tsx";
import "./styles/base.css";
import "./styles/brand.css";
import "./styles/layout.css";
import "./styles/stage.css";
import "./styles/pictures.css";
import "./styles/conversation.css";
import "./styles/parts.css";
import "./styles/inputs.css";
import "./styles/outputs.css";
import "./styles/textbox.css";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");
render(<App />, root);
