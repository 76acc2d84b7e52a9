package io.hbone.node.identity;

import io.hbone.core.IdentitySource;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import java.util.ArrayList;
import java.util.List;

/** Notes what it is told. */
final class RecordingListener implements IdentitySource.Listener {
    final List<WorkloadCertificate> rotated = new ArrayList<>();
    final List<String> errors = new ArrayList<>();

    @Override
    public void onRotated(WorkloadCertificate replacement) {
        rotated.add(replacement);
    }

    @Override
    public void onError(TunnelException error) {
        errors.add(error.getMessage());
    }
}
