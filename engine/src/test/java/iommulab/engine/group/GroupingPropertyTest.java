package iommulab.engine.group;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.ProofStep.Verdict;
import iommulab.engine.pci.Acs;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciTopology;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

import java.util.HashSet;

class GroupingPropertyTest {
    @Provide
    Arbitrary<GroupLab> machines() {
        return RandomMachine.any();
    }

    @Property
    void everyFunctionWithAUnitIsInExactlyOneGroup(
            @ForAll("machines") GroupLab machine,
            @ForAll @IntRange(max = 1 << 16) int which,
            @ForAll @IntRange(max = 0x1f) int control) {
        var facts = machine.facts();
        var edited = facts.with(written(facts.topology(), which, control));
        var groups = LinuxGroups.of(edited);

        var seen = new HashSet<PciAddress>();
        for (var group : groups.groups()) {
            for (var member : group.members()) {
                assertThat(seen.add(member)).as("%s is in two groups", member).isTrue();
            }
        }
        assertThat(seen)
                .hasSize(edited.topology().size())
                .containsExactlyInAnyOrderElementsOf(groups.links().keySet());
        assertThat(groups.ungrouped()).isEmpty();
    }

    @Property
    void everyChainOfReasonsStaysInItsGroupAndEndsWhereItWasOpened(
            @ForAll("machines") GroupLab machine) {
        var groups = machine.groups();

        for (var group : groups.groups()) {
            for (var member : group.members()) {
                var proof = groups.proof(member, group.members().getFirst());
                assertThat(proof.together()).isTrue();
                for (var link : proof.first()) {
                    assertThat(groups.groupOf(link.function())).contains(group);
                }
                assertThat(proof.second().getLast().steps().getLast().verdict())
                        .isEqualTo(Verdict.OPENS);
            }
        }
    }

    /// Holds because every function has a unit: below a bridge without a group it would not.
    @Property
    void settingMoreAcsBitsNeverJoinsGroups(
            @ForAll("machines") GroupLab machine,
            @ForAll @IntRange(max = 1 << 16) int which,
            @ForAll @IntRange(max = 0x1f) int added) {
        var facts = machine.facts();
        var before = LinuxGroups.of(facts);
        var after = LinuxGroups.of(facts.with(more(facts.topology(), which, added)));

        for (var group : after.groups()) {
            var first = before.groupOf(group.members().getFirst()).orElseThrow();
            assertThat(first.members()).as("were together before").containsAll(group.members());
        }
    }

    @Property
    void theSameFactsGiveTheSameGroups(@ForAll("machines") GroupLab machine) {
        assertThat(machine.groups()).isEqualTo(machine.groups());
    }

    private static PciTopology more(PciTopology topology, int which, int added) {
        var function = topology.functions().get(which % topology.size());
        int now = Acs.of(function.config()).map(Acs::control).orElse(0);
        return written(topology, which, now | added);
    }

    private static PciTopology written(PciTopology topology, int which, int control) {
        var function = topology.functions().get(which % topology.size());
        return Acs.of(function.config())
                .map(acs ->
                        topology.with(function.withConfig(acs.write(function.config(), control))))
                .orElse(topology);
    }
}
