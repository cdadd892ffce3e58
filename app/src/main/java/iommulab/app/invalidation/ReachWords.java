package iommulab.app.invalidation;

import iommulab.engine.iommu.Reach;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.iommufd.GuestInvalidation;

import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// What an entry of a request makes caches forget, in words, with the names that the guest's numbers stand
/// for. What it reaches is asked of the kernel's own reading of it. Pure.
record ReachWords(InvalidationTarget target) {
    /// @param entry its fields as typed
    String of(EntryKind kind, SequencedMap<String, String> entry) {
        var fields =
                InvalidationFrame.entry(entry) instanceof Value.Fields(var named)
                        ? named
                        : Map.<String, Value>of();
        return words(GuestInvalidation.of(kind.word(), new Arguments(kind.word(), fields)));
    }

    /// A device that a new command may name.
    Optional<Long> firstDevice() {
        return target.devices().keySet().stream().findFirst();
    }

    private String words(Reach reach) {
        return switch (reach) {
            case Reach.Refused(var errno, var rule) ->
                    errno.isEmpty() ? rule : "%s: %s".formatted(errno, rule);
            case Reach.Nothing(var why) -> "nothing: " + why;
            case Reach.Everything(boolean leavesOnly) ->
                    "all translations of %s%s".formatted(domain(), leaves(leavesOnly));
            case Reach.Space(var space) -> "all translations of " + space(space);
            case Reach.Pages pages -> pages(pages);
            case Reach.DeviceEntry(long device) -> "table entry of " + device(device);
            case Reach.PasidEntries(long device, var pasid) ->
                    "%s of %s"
                            .formatted(
                                    pasid.map(number -> "entry of PASID " + number)
                                            .orElse("entries of all PASIDs"),
                                    device(device));
            case Reach.DeviceTlb(long device, long start, long bytes) ->
                    "%s in the device TLB of %s".formatted(range(start, bytes), device(device));
            case Reach.Word(var device, var word) ->
                    "%s of %s"
                            .formatted(
                                    word.map(number -> "cache word " + number)
                                            .orElse("all cache words"),
                                    device.map(this::device).orElse("the table"));
        };
    }

    private String pages(Reach.Pages pages) {
        return "%s of %s%s"
                .formatted(
                        range(pages.start(), pages.bytes()),
                        pages.space()
                                .map(ReachWords::space)
                                .orElse(target.domain() == 0 ? "all address spaces" : domain()),
                        leaves(pages.leavesOnly()));
    }

    private static String range(long start, long bytes) {
        long pages = bytes >>> 12;
        return bytes == 0
                ? "all pages"
                : "%s from 0x%x".formatted(pages == 1 ? "1 page" : pages + " pages", start);
    }

    private static String leaves(boolean only) {
        return only ? ", leaves alone" : "";
    }

    /// Numbered by the guest.
    private static String space(Reach.AddressSpace space) {
        return "the guest's " + space;
    }

    private String domain() {
        return target.domain() == 0 ? "the guest" : "domain " + target.domain();
    }

    /// What the guest calls that.
    private String device(long number) {
        var name = target.devices().get(number);
        return name == null
                ? "device 0x%x, which the guest does not have".formatted(number)
                : "%s, the guest's 0x%x".formatted(name, number);
    }
}
