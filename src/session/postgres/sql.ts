/** The clock of the database, which all gateways share, in milliseconds since 1970. */
export const now = "floor(date_part('epoch', clock_timestamp()) * 1000)::bigint";

/**
 * A condition that is always true. The transaction in which it stands does not wait for the disk: a lease need not be on
 * it, since who holds it is fenced off by its fence and its name alike where the database has forgotten it.
 */
export const inPassing = "set_config('synchronous_commit', 'off', true) IS NOT NULL";
