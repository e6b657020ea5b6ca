/** The project's folder. In the image the program is bundled, and its modules lie one folder below that too. */
export const PROJECT = new URL("../", import.meta.url);
