/**
 * ztunnel's local file (spec/ztunnel.md 7.7) as a source of resources: {@link io.hbone.xds.file.LocalFile} reads it strictly and
 * turns it into what an ADS server would have sent, and {@link io.hbone.xds.file.LocalFileWatch} follows its changes. A file that
 * is wrong changes nothing: the last good one counts, and the error is there to be shown.
 */
@NullMarked
package io.hbone.xds.file;

import org.jspecify.annotations.NullMarked;
