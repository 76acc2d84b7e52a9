/**
 * From a workload to one of its processes, and how to be sure that it still is the same one: a process id alone is no identity,
 * as the kernel gives it to another process soon after.
 */
@NullMarked
package io.hbone.identity.process;

import org.jspecify.annotations.NullMarked;
