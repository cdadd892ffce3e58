package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Stage;
import iommulab.engine.pci.RequesterId;

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

    /// Refuses what a PASID cannot use beside its own requests.
    ///
    /// @throws MappingRefused (EOPNOTSUPP) the entry of a guest, (EINVAL) no first stage, or another second
    ///     stage than that of the device
    void requireRoomFor(RequesterId requester, Translation translation) throws MappingRefused {
        if (translation.guest() != null) {
            throw new MappingRefused(
                    "EOPNOTSUPP",
                    "The guest's entry is that of a whole device, with all its PASIDs. Attach the"
                            + " device.");
        }
        if (own == null ? translation.hasSecond() : !own.leavesRoomFor(translation)) {
            throw new MappingRefused(
                    "EINVAL",
                    ("Requester %s must itself be in %s before a PASID of it can use this domain."
                                    + " One entry decides for all its requests.")
                            .formatted(
                                    requester,
                                    translation.hasSecond()
                                            ? "domain %d or nested in it"
                                                    .formatted(translation.parentTag())
                                            : "an identity or a first-stage domain"));
        }
        if (!translation.hasFirst()) {
            throw new MappingRefused(
                    "EINVAL",
                    "A PASID needs a first stage of its own. Create a first-stage domain.");
        }
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
