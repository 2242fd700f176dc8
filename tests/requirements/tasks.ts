/**
 * What the experimental tasks of 2025-11-25 demand of a server that offers them.
 *
 * @module
 */
import type { Requirement } from "./requirement.ts";

const NO_TASKS = "tasks are not offered: the capability is not declared";
const PAGE = "basic/utilities/tasks";

/** Area, heading, and what would be demanded. */
const DEMANDS: readonly [name: string, heading: string, must: string][] = [
  ["capability", "capabilities", "declare the tasks capability"],
  ["required", "tool-level-negotiation", "answer -32601 where a tool runs only as a task"],
  ["id-string", "task-id-requirements", "task ids are strings, made by the server, unique"],
  ["starts-working", "task-status-lifecycle", "a new task is working"],
  ["transitions", "task-status-lifecycle", "take only valid steps, none after a final status"],
  ["related-task", "associating-task-related-messages", "messages of a task name it in _meta"],
  ["task-id-source", "associating-task-related-messages", "taskId in params is what counts"],
  ["timestamps", "ttl-and-resource-management", "tell createdAt, lastUpdatedAt and ttl"],
  ["create-result", "result-retrieval", "answer a request taken as a task with its task"],
  ["result-final", "result-retrieval", "tasks/result waits, and gives what the request gave"],
  ["input-required", "input-required-status", "a request within a task names that task"],
  ["list", "task-listing", "tasks/list pages, and lists all that tasks/get finds"],
  ["cancel", "task-cancellation", "tasks/cancel ends a running task for good, no ended one"],
  ["cancel-own-way", "task-cancellation", "tasks are cancelled by tasks/cancel only"],
  [
    "progress",
    "task-progress-notifications",
    "progress goes on with the first token until the task ends",
  ],
  ["errors", "protocol-errors", "-32602 for unknown tasks and cursors, -32603 for faults"],
  ["isolation", "task-isolation-and-access-control", "tasks are bound to who made them"],
  ["transport", "getting-tasks", "tasks keep to the rules of the transport"],
];

export const TASKS: readonly Requirement[] = [
  {
    id: "2025-11-25/tasks/not-declared",
    section: `${PAGE}#task-support-and-handling`,
    must: "without the capability, ignore task metadata and answer as usual",
    verifiedBy: ["a call that asks for a task is answered as an ordinary call"],
  },
  ...DEMANDS.map(([name, heading, must]): Requirement => ({
    id: `2025-11-25/tasks/${name}`,
    section: `${PAGE}#${heading}`,
    must,
    outOfScope: NO_TASKS,
  })),
];
