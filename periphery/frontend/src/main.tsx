import { createRoot } from "react-dom/client";
import "uplot/dist/uPlot.min.css";
import "./ui/style.css";
import { App } from "./app";
import { frames } from "./live/frames";
import { store } from "./live/store";
import { blotterHandle } from "./pages/desk/blotter";
import { fixed } from "./ui/format";
import { digits } from "./ui/quantities";

// What the page knows and measures of itself, for whoever looks into it: tests, a console.
Object.assign(window, { nacre: { store, frames, blotter: blotterHandle, format: { fixed, digits } } });
createRoot(document.getElementById("root")!).render(<App />);
