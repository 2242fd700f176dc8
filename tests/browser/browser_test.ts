/**
 * All scenes in real Chromium: `deno task test:browser`.
 *
 * They are modules of one test file, so that one count at the end holds for all of them.
 *
 * @module
 */
import { reportTotal } from "./stage.ts";
import "./connection_view_scenes.ts";
import "./foreign_page_scenes.ts";
import "./gateway_scenes.ts";
import "./hostile_texts_scenes.ts";
import "./keyboard_scenes.ts";
import "./looks_scenes.ts";
import "./offer_scenes.ts";
import "./overview_scenes.ts";
import "./path_scenes.ts";
import "./sign_in_scenes.ts";
import "./stream_page_scenes.ts";

Deno.test.afterAll(reportTotal);
