package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.Vocabulary;
import iommulab.engine.os.iommufd.ObjectGraph;
import iommulab.engine.os.vfio.VfioGraph;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import org.junit.jupiter.api.Test;

import java.util.Random;
import java.util.TreeSet;

/// What holds after any calls of the whole vocabulary, valid and invalid.
class EveryCallTest {
    /* Enough for every call of the vocabulary to have its chance; usually far fewer are told. */
    private static final int MOST_STORIES = 60;

    @Test
    void everyCallOfTheVocabularySucceedsSomewhere() {
        var never = new TreeSet<>(Vocabulary.all().entries().keySet());
        var architectures = Architecture.values();
        for (int i = 0; i < MOST_STORIES && !never.isEmpty(); i++) {
            var architecture = architectures[i % architectures.length];
            never.removeAll(new CallStory(architecture, new Random(i)).succeeded);
        }
        assertThat(never)
                .as("calls that no story made with success: a route of CallRoutes leads to them")
                .isEmpty();
    }

    @Property(tries = 8)
    void objectsHaveTheHoldersThatReferToThem(
            @ForAll Architecture architecture, @ForAll long seed) {
        var story = new CallStory(architecture, new Random(seed));
        ObjectGraph.mustAgree(story.lab.kernel());
        VfioGraph.mustAgree(story.lab.kernel());
    }

    @Property(tries = 8)
    void everyReferenceIsAnEdgeThatCanBeSeen(@ForAll Architecture architecture, @ForAll long seed) {
        var view = new CallStory(architecture, new Random(seed)).lab.kernel().view();
        for (var node : view.nodes()) {
            int edges = view.keeping(node.key()).stream().mapToInt(SoftwareView.Edge::count).sum();
            assertThat(node.type().equals("process") ? 0 : edges)
                    .as("edges that end at %s %s", node.type(), node.key())
                    .isEqualTo(node.references());
        }
    }

    @Property(tries = 8)
    void closingEverythingLeavesNothing(@ForAll Architecture architecture, @ForAll long seed) {
        var story = new CallStory(architecture, new Random(seed));
        ObjectGraph.mustEndWithNothing(story.lab.kernel());
    }

    @Property(tries = 8)
    void goingBackRestoresEveryEarlierHash(@ForAll Architecture architecture, @ForAll long seed) {
        var random = new Random(seed);
        var story = new CallStory(architecture, random);
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
