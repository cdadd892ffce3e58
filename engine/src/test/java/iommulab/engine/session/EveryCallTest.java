package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.iommufd.ObjectGraph;
import iommulab.engine.os.vfio.VfioGraph;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// What holds after any calls of the whole vocabulary, valid and invalid.
class EveryCallTest {
    private static final int CALLS = 500;
    private static final List<String> BEGINNING =
            List.of(
                    "iommufd.open()",
                    "iommufd.ioas_alloc(iommufd=iommufd1)",
                    "vfio.cdev_open(device=devA)",
                    "vfio.cdev_bind(cdev=cdev1, iommufd=iommufd1)",
                    "vfio.cdev_open(device=devB)",
                    "vfio.cdev_bind(cdev=cdev2, iommufd=iommufd1)",
                    "iommufd.hwpt_alloc(iommufd=iommufd1, dev_id=2, pt_id=1, flags=[nest_parent])",
                    "iommufd.viommu_alloc(iommufd=iommufd1, dev_id=2, hwpt_id=4, type=selftest)",
                    "iommufd.ioas_map(iommufd=iommufd1, ioas_id=1, user_va=buf, length=0x4000,"
                            + " flags=[fixed, read, write], iova=0x1000000)",
                    "iommufd.fault_alloc(iommufd=iommufd1)",
                    "vfio.group_open(group=3)",
                    "vfio.container_open()",
                    "vfio.group_set_container(group_fd=group1, container=container1)",
                    "vfio.set_iommu(container=container1, type=TYPE1v2)",
                    "vfio.type1_map(container=container1, iova=0x1000000, vaddr=buf, size=0x2000,"
                            + " flags=rw)");

    /// The calls that were made and taken, with the machine after each.
    private static final class Story {
        final KernelLab lab;
        final AnyCall any;
        final List<String> calls = new ArrayList<>();
        final List<MachineCheckpoint> places = new ArrayList<>();
        final List<Long> hashes = new ArrayList<>();
        int refused;

        Story(Architecture architecture, Random random) {
            lab = KernelLab.of(architecture, 1, 2, 1);
            any = new AnyCall(random, lab.kernel());
            remember();
            BEGINNING.forEach(call -> make(parsed(call)));
            while (calls.size() + refused < CALLS) {
                make(any.next());
            }
        }

        private static Call parsed(String call) {
            try {
                return Call.parse(call);
            } catch (CommandRefused noCall) {
                throw new IllegalStateException(noCall);
            }
        }

        private void remember() {
            places.add(lab.machine().checkpoint());
            hashes.add(lab.stateHash());
        }

        private void make(Call call) {
            try {
                var outcome = lab.machine().apply(new Command.KernelCall(call));
                if (outcome instanceof Outcome.Answered(var answer)) {
                    any.learn(answer);
                    calls.add(call + " -> " + answer);
                    remember();
                }
            } catch (CommandRefused told) {
                refused++;
                assertThat(lab.stateHash())
                        .as("hash after the refused %s: %s", call, told.reason())
                        .isEqualTo(hashes.getLast());
                assertThat(told.reason()).as(call.toString()).isNotBlank();
            } catch (IllegalStateException | NullPointerException | ClassCastException defect) {
                throw new AssertionError("%s after %s".formatted(call, calls), defect);
            }
        }
    }

    @Property(tries = 15)
    void objectsHaveTheHoldersThatReferToThem(
            @ForAll Architecture architecture, @ForAll long seed) {
        var story = new Story(architecture, new Random(seed));
        ObjectGraph.mustAgree(story.lab.kernel());
        VfioGraph.mustAgree(story.lab.kernel());
    }

    @Property(tries = 15)
    void everyReferenceIsAnEdgeThatCanBeSeen(@ForAll Architecture architecture, @ForAll long seed) {
        var view = new Story(architecture, new Random(seed)).lab.kernel().view();
        for (var node : view.nodes()) {
            int edges = view.keeping(node.key()).stream().mapToInt(SoftwareView.Edge::count).sum();
            assertThat(node.type().equals("process") ? 0 : edges)
                    .as("edges that end at %s %s", node.type(), node.key())
                    .isEqualTo(node.references());
        }
    }

    @Property(tries = 15)
    void closingEverythingLeavesNothing(@ForAll Architecture architecture, @ForAll long seed) {
        var story = new Story(architecture, new Random(seed));
        ObjectGraph.mustEndWithNothing(story.lab.kernel());
    }

    @Property(tries = 15)
    void goingBackRestoresEveryEarlierHash(@ForAll Architecture architecture, @ForAll long seed) {
        var random = new Random(seed);
        var story = new Story(architecture, random);
        for (int i = 0; i < 40; i++) {
            int place = random.nextInt(story.places.size());
            story.lab.machine().restore(story.places.get(place));
            assertThat(story.lab.stateHash())
                    .as("state hash after %d calls", place)
                    .isEqualTo(story.hashes.get(place));
            ObjectGraph.mustAgree(story.lab.kernel());
        }
    }
}
