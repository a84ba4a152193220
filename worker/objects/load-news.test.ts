import { expect, it } from "vitest";
import { LOAD_NEWS_INTERVAL_MS, LoadNews } from "./load-news.ts";

const load = { sessions: 0, capacity: 100, cpu: 0, ready: true };

it("tells the first report, and then changes over a tenth, at most every five seconds", () => {
  const news = new LoadNews();
  expect(news.isNews(load, 0)).toBe(true);
  news.told(load, 0);
  expect(news.isNews({ ...load, sessions: 50 }, LOAD_NEWS_INTERVAL_MS - 1)).toBe(false);
  expect(news.isNews({ ...load, sessions: 50 }, LOAD_NEWS_INTERVAL_MS)).toBe(true);
  expect(news.isNews({ ...load, sessions: 10 }, LOAD_NEWS_INTERVAL_MS)).toBe(false);
  expect(news.isNews({ ...load, cpu: 0.2 }, LOAD_NEWS_INTERVAL_MS)).toBe(true);
});

it("tells at once that a node drains or has another capacity", () => {
  const news = new LoadNews();
  news.told(load, 0);
  expect(news.isNews({ ...load, ready: false }, 1)).toBe(true);
  expect(news.isNews({ ...load, capacity: 50 }, 1)).toBe(true);
});
