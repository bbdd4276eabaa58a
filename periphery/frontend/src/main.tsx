import { createRoot } from "react-dom/client";
import "uplot/dist/uPlot.min.css";
import "./ui/style.css";
import { App } from "./app";

createRoot(document.getElementById("root")!).render(<App />);
