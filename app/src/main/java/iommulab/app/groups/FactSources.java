package iommulab.app.groups;

import iommulab.app.shell.FunctionNames;
import iommulab.engine.group.Proof;
import iommulab.engine.group.ProofStep;
import iommulab.engine.pci.Acs;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Where the facts of a proof come from: registers, rules, kernel parameters.
final class FactSources {
    private static final List<String> PARAMETERS =
            List.of("pci=", "intel_iommu=", "amd_iommu=", "iommu=", "iommu.", "pcie_acs_override=");

    private FactSources() {}

    static List<String> of(MachineSnapshot machine, Proof proof) {
        var sources = new ArrayList<String>();
        var registers =
                Stream.concat(proof.first().stream(), proof.second().stream())
                        .flatMap(link -> link.steps().stream())
                        .map(ProofStep::subject)
                        .distinct()
                        .flatMap(a -> machine.topology().find(a).stream())
                        .flatMap(f ->
                                Acs.of(f.config()).stream()
                                        .map(acs ->
                                                "%s at 0x%x"
                                                        .formatted(
                                                                FunctionNames.address(f.address()),
                                                                acs.controlOffset())))
                        .toList();
        sources.add(
                registers.isEmpty()
                        ? "No function on the way has an ACS capability that is known."
                        : "ACS control, read from the configuration bytes of "
                                + String.join(", ", registers)
                                + ".");
        var kernel = machine.kernel();
        sources.add(
                "Rules: %s%s."
                        .formatted(
                                machine.grouping().ruleSet(),
                                kernel.release().isEmpty()
                                        ? ""
                                        : ", for kernel " + kernel.release()));
        var parameters =
                Arrays.stream(kernel.commandLine().split("\\s+"))
                        .filter(p -> PARAMETERS.stream().anyMatch(p::startsWith))
                        .collect(Collectors.joining(" "));
        if (!parameters.isEmpty()) {
            sources.add("Kernel parameters: " + parameters);
        }
        return sources;
    }
}
