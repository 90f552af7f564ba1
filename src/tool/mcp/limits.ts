/** The longest message of a tool server that is read; far above any result that a model could be shown. */
export const messageBytesMax = 32 * 1024 * 1024;

/** The most pages of a list of tools, against servers whose list has no end. */
export const listPagesMax = 64;

/** The most tools that are read of one server; more than any model takes. */
export const listToolsMax = 1024;

/**
 * The most values of a message, counted by their commas: a list of a thousand tools with a hundred parameters each has
 * them, and millions would hold the event loop for seconds. What stands in a text does not count.
 */
export const messageValuesMax = 200_000;
