package iommulab.app.walk;

import iommulab.app.shell.Naming;
import iommulab.engine.iommu.Walk;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// What the Walk perspective shows of one walk. Pure: same walk, same machine, same model.
///
/// @param request the request in words, without its address
/// @param iova the address asked for, in hex
/// @param requester the bits of the requester ID
/// @param pasid the bits of the PASID; empty if no table was indexed with it
/// @param address the bits of the iova
/// @param rungs all steps
/// @param current index of the highlighted step, -1 if there is no step
/// @param sum cost of all steps
/// @param soFar cost up to the highlighted step
/// @param result how it ended, one sentence
/// @param grid the grid of a nested walk
/// @param stale whether it ended with a stale entry
record WalkModel(
        String request,
        String iova,
        List<BitField> requester,
        List<BitField> pasid,
        List<BitField> address,
        List<Rung> rungs,
        int current,
        String sum,
        String soFar,
        String result,
        Optional<GridModel> grid,
        boolean stale) {

    static WalkModel of(Walk walk, int step, MachineSnapshot machine, Naming naming) {
        int failed = walk.outcome() instanceof Walk.Outcome.Faulted(_, int at, _) ? at : -1;
        var steps = walk.steps();
        int current = Math.clamp(step, Math.min(0, steps.size() - 1), steps.size() - 1);
        long soFar = steps.stream().limit(current + 1).mapToLong(Walk.Step::cycles).sum();
        return new WalkModel(
                "%s%s, %s %s %d B"
                        .formatted(
                                name(walk.device(), machine),
                                walk.prefix().isPresent() ? " " + walk.prefix() : "",
                                walk.unit().isEmpty() ? "no IOMMU," : walk.unit() + ",",
                                walk.access().word(),
                                walk.bytes()),
                Long.toHexString(walk.iova()),
                BitField.ofRequester(walk),
                BitField.ofPasid(walk),
                BitField.ofIova(walk, naming),
                IntStream.range(0, steps.size())
                        .mapToObj(i -> Rung.of(steps.get(i), i == failed, walk, naming))
                        .toList(),
                current,
                Rung.thousands(walk.cycles()),
                Rung.thousands(soFar),
                result(walk),
                GridModel.of(walk),
                walk.outcome() instanceof Walk.Outcome.Reached(_, _, _, boolean stale) && stale);
    }

    /// The shortest name that tells functions apart: without the PCI domain where there is only one.
    private static String name(PciAddress device, MachineSnapshot machine) {
        boolean several =
                machine.topology().functions().stream()
                        .anyMatch(f -> f.address().domain() != device.domain());
        return several || device.domain() != 0 ? device.toString() : device.withoutDomain();
    }

    static String result(Walk walk) {
        return switch (walk.outcome()) {
            case Walk.Outcome.Reached(long hpa, long pageBytes, var permissions, boolean stale) ->
                    "Reaches %x%s, %s%s."
                            .formatted(
                                    hpa,
                                    pageBytes == 0
                                            ? " without a table"
                                            : " in a page of " + size(pageBytes),
                                    permissions,
                                    stale ? "; a cached entry gave it that the tables deny" : "");
            case Walk.Outcome.Faulted(var reason, _, boolean recorded) ->
                    "Fault %02xh: %s.%s"
                            .formatted(
                                    reason.code(),
                                    withoutStop(reason.kernelText()),
                                    recorded ? "" : " Not recorded.");
            case Walk.Outcome.NotTranslated(String why, var hpa) ->
                    withoutStop(why)
                            + hpa.map(a -> "; the request goes to %x.".formatted(a)).orElse(".");
        };
    }

    private static String withoutStop(String sentence) {
        return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
    }

    static String size(long bytes) {
        int unit = Math.min(4, (63 - Long.numberOfLeadingZeros(Math.max(1, bytes))) / 10);
        return (bytes >> 10 * unit) + " " + List.of("B", "KiB", "MiB", "GiB", "TiB").get(unit);
    }

    Rung rung() {
        return rungs.get(current);
    }

    /// What the highlighted step found; at the end also how the walk ended.
    String caption() {
        if (rungs.isEmpty()) {
            return result;
        }
        var finding = rung().finding();
        return !atEnd() || result.equals(finding) ? finding : (finding + " " + result).strip();
    }

    /// Whether the walk ended with a fault.
    boolean faulted() {
        return rungs.stream().anyMatch(Rung::failed);
    }

    boolean atStart() {
        return current <= 0;
    }

    boolean atEnd() {
        return current >= rungs.size() - 1;
    }
}
