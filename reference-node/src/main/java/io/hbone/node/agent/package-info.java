/**
 * {@code hbone agent}: the agent of a machine without Kubernetes ({@link io.hbone.enrollment.EnrollmentAgent} fed by a file), with
 * the xDS server that its nodes learn the mesh from, its metrics and its status page. Wiring and operations alone.
 */
@NullMarked
package io.hbone.node.agent;

import org.jspecify.annotations.NullMarked;
