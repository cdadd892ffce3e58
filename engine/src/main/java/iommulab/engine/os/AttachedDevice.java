package iommulab.engine.os;

import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// One device: what its own requests use, what its PASIDs use, and their table.
final class AttachedDevice {
    @Nullable Translation own;
    final TreeMap<Integer, Translation> pasids = new TreeMap<>();
    @Nullable PasidDirectory directory;

    AttachedDevice() {}

    AttachedDevice(State then, PasidDirectory.Shape shape) {
        own = then.own().orElse(null);
        pasids.putAll(then.pasids());
        directory = then.directory().map(state -> state.resume(shape)).orElse(null);
    }

    /// Of its own first stage, else of one of its PASIDs; 0 for none.
    int firstLevels() {
        if (own != null && own.hasFirst()) {
            return own.firstLevels();
        }
        return pasids.isEmpty() ? 0 : pasids.firstEntry().getValue().firstLevels();
    }

    State checkpoint() {
        return new State(
                Optional.ofNullable(own),
                Map.copyOf(pasids),
                Optional.ofNullable(directory).map(PasidDirectory::checkpoint));
    }

    /// A device at one instant.
    record State(
            Optional<Translation> own,
            Map<Integer, Translation> pasids,
            Optional<PasidDirectory.State> directory) {}
}
