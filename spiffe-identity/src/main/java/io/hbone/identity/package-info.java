/** Certificates for workloads. */
@NullMarked
package io.hbone.identity;

import org.jspecify.annotations.NullMarked;
