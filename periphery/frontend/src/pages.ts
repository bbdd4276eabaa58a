/** The pages: every file src/pages/NAME.page.tsx exports one as `page`. A new page is a new file, and nothing else. */
import type { ComponentType } from "react";

export interface Page {
  /** In the address: #/path. */
  path: string;
  title: string;
  /** Its place in the row of pages, from 1; Alt and that digit opens it. */
  order: number;
  Component: ComponentType;
}

const found = import.meta.glob<{ page: Page }>("./pages/*.page.tsx", { eager: true });

export const pages: Page[] = Object.values(found).map((each) => each.page).sort((a, b) => a.order - b.order);
