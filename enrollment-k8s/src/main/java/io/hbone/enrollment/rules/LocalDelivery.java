package io.hbone.enrollment.rules;

/**
 * The policy rule and the route that deliver here what bears a mark, whomever it is addressed to: so the answers to a client, in
 * whose name the node speaks to the application, come to the node (spec/ztunnel.md 15).
 */
record LocalDelivery(Mark mark, int priority, int table) {
    /** Of both conventions. */
    static final LocalDelivery MARKED = new LocalDelivery(Mark.HERE, 32764, 100);
}
