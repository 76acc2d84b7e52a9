/**
 * The one small HTTP/1.1 server behind readiness, metrics and admin: pages are functions from a query to a reply, at once or later, and run on
 * the event loop that they are given, which must not be one that carries traffic when they take long.
 */
@NullMarked
package io.hbone.node.http;

import org.jspecify.annotations.NullMarked;
