/**
 * What a cluster says of itself, as resources for nodes. {@link io.hbone.enrollment.directory.PodWorkloads} says what the mesh is told
 * of a pod. Of each object only its facts are kept ({@code ...Facts}, what a resource is made of).
 *
 * <p>Meanings are istiod's where istiod has one (spec/ztunnel.md 4 to 6), and Cilium's for its own objects (spec/cilium.md 4.6, 4.7).
 */
@NullMarked
package io.hbone.enrollment.directory;

import org.jspecify.annotations.NullMarked;
