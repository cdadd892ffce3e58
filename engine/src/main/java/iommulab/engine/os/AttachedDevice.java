package iommulab.engine.os;

import iommulab.engine.iommu.Stage;

import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

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

    /// Numbers of the domains of its first stages.
    IntStream firstStages() {
        var ofPasids = pasids.values().stream().mapToInt(Translation::tag);
        return own != null && own.hasFirst()
                ? IntStream.concat(IntStream.of(own.tag()), ofPasids)
                : ofPasids;
    }

    /// What of it uses a domain, by PASID. The entry of a device that is blocked itself is that of its PASIDs
    /// alone.
    Map<Integer, EntryUse> uses(int tag, Stage stage) {
        var uses = new TreeMap<Integer, EntryUse>();
        if (own != null && own.uses(tag, stage)) {
            uses.put(DeviceEntryDriver.OWN, new EntryUse(own, own));
        }
        pasids.forEach((pasid, translation) -> {
            if (translation.uses(tag, stage)) {
                uses.put(pasid, new EntryUse(own == null ? translation : own, translation));
            }
        });
        return uses;
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
