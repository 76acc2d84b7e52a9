/**
 * Line charts as SVG, for what {@code hbone bench} and the growth tables measure. Pure text: no AWT, which a server's JDK need not
 * have. {@link io.hbone.node.chart.Chart} is one, {@link io.hbone.node.chart.Svg} a file with several.
 */
@NullMarked
package io.hbone.node.chart;

import org.jspecify.annotations.NullMarked;
