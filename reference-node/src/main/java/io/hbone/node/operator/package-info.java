/**
 * Wiring of {@code hbone operator}: how it gets to the API server and to the SPIRE server, and what it tells on its port. What it does
 * is {@link io.hbone.enrollment.operator.Operator}.
 */
@NullMarked
package io.hbone.node.operator;

import org.jspecify.annotations.NullMarked;
