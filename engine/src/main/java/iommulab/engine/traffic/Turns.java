package iommulab.engine.traffic;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Whose turn it is: one round in which everybody has as many turns as its weight says, spread evenly.
final class Turns {
    private Turns() {}

    /// One turn of somebody.
    ///
    /// @param due where in the round it should lie, 0 to 1
    private record Turn(double due, int who) {}

    /// @param weights of all who take part, at least 1 each
    /// @return indices into `weights`, one per turn
    static int[] round(int[] weights) {
        int divisor = 0;
        for (int weight : weights) {
            divisor = greatestCommonDivisor(weight, divisor);
        }
        List<Turn> turns = new ArrayList<>();
        for (int who = 0; who < weights.length; who++) {
            int own = weights[who] / divisor;
            for (int i = 0; i < own; i++) {
                turns.add(new Turn((i + 0.5) / own, who));
            }
        }
        turns.sort(Comparator.comparingDouble(Turn::due).thenComparingInt(Turn::who));
        return turns.stream().mapToInt(Turn::who).toArray();
    }

    private static int greatestCommonDivisor(int a, int b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }
}
