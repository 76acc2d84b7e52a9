/** Who is where, and who may talk. */
@NullMarked
package io.hbone.xds;

import org.jspecify.annotations.NullMarked;
