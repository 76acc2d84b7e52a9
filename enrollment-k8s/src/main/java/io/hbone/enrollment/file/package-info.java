/**
 * The workloads of a machine without Kubernetes: a file that is watched. It says which network namespaces are which workloads, which
 * of them are enrolled, and what else there is in the mesh.
 */
@NullMarked
package io.hbone.enrollment.file;

import org.jspecify.annotations.NullMarked;
