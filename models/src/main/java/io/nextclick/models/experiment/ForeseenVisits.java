package io.nextclick.models.experiment;

import io.nextclick.models.baseline.MarkovChain;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.simulation.Shop;
import io.nextclick.models.simulation.ShopOptions;
import io.nextclick.models.simulation.ShopSimulator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The visits of a shop that stays as it is, one after the other without end, and what two rankings
 * would have foreseen of them. Both rank by what followed the last item most often in the visits
 * before; of the control a share of the lists is spoilt, being the most popular items instead. For
 * one thread.
 */
final class ForeseenVisits {

    /** Length of the lists. */
    private static final int CUTOFF = 10;

    /** Visits that the rankings are counted from. */
    private static final int COUNTED = 10_000;

    private final ShopSimulator simulator;
    private final double damaged;
    private final SplittableRandom random;
    private final List<List<Integer>> successors = new ArrayList<>();
    private final List<Integer> popular;

    /** The first click of the next visit. */
    private LoggedClick ahead;

    /** One visit. */
    static final class Visit {

        /** Its id. */
        final String id;

        /** The items clicked, two or more. */
        private final int[] rows;

        /** Whether the control's list before each click but the first was spoilt. */
        private final boolean[] spoilt;

        /** How many of the clicks but the first stood in the control's and the variant's list. */
        private final int[] hits = new int[2];

        private Visit(String id, int clicks) {
            this.id = id;
            rows = new int[clicks];
            spoilt = new boolean[clicks - 1];
        }

        /** Lists that were followed by a click. */
        int lists() {
            return spoilt.length;
        }

        /** Lists of a variant that held the item clicked next. */
        int hits(int variant) {
            return hits[variant];
        }
    }

    /**
     * @param seed of the shop and its visitors
     * @param damaged share of the control's lists that are spoilt, in [0, 1]
     */
    ForeseenVisits(long seed, double damaged) {
        this.damaged = damaged;
        random = new SplittableRandom(~seed);
        // One visitor at a time, in an epoch that doesn't end.
        ShopOptions options =
                ShopOptions.DEFAULT
                        .withSeed(seed)
                        .withTraffic(1, 10_000)
                        .withChange(0, 0, Duration.ofDays(366));
        simulator = new ShopSimulator(options);
        ahead = simulator.next();
        Shop shop = simulator.shop();
        ItemVocabulary vocabulary = new ItemVocabulary();
        for (int row = 0; row < shop.size(); row++) {
            vocabulary.rowOrAdd(shop.item(row).id());
        }
        List<Session> counted = new ArrayList<>(COUNTED);
        for (int i = 0; i < COUNTED; i++) {
            List<LoggedClick> clicks = nextClicks();
            counted.add(
                    new Session(
                            clicks.get(0).sessionId(),
                            clicks.get(0).eventTimeMillis(),
                            clicks.stream().map(LoggedClick::itemId).toList()));
        }
        MarkovChain chain = MarkovChain.of(counted, vocabulary);
        for (int row = 0; row < shop.size(); row++) {
            successors.add(list(chain.next(row, CUTOFF, null)));
        }
        popular = list(chain.popularity().top(CUTOFF, null));
    }

    private static List<Integer> list(TopItems items) {
        return Arrays.stream(items.rows()).boxed().toList();
    }

    private List<LoggedClick> nextClicks() {
        List<LoggedClick> clicks = new ArrayList<>();
        do {
            clicks.add(ahead);
            ahead = simulator.next();
        } while (ahead.sessionId().equals(clicks.get(0).sessionId()));
        return clicks;
    }

    Visit next() {
        List<LoggedClick> clicks = nextClicks();
        Visit visit = new Visit(clicks.get(0).sessionId(), clicks.size());
        for (int click = 0; click < clicks.size(); click++) {
            visit.rows[click] = simulator.shop().number(clicks.get(click).itemId());
            if (click > 0) {
                visit.spoilt[click - 1] = random.nextDouble() < damaged;
                for (int variant = 0; variant < 2; variant++) {
                    if (list(variant, visit, click).contains(visit.rows[click])) {
                        visit.hits[variant]++;
                    }
                }
            }
        }
        return visit;
    }

    /** A variant's list before a click. */
    private List<Integer> list(int variant, Visit visit, int click) {
        return variant == 0 && visit.spoilt[click - 1]
                ? popular
                : successors.get(visit.rows[click - 1]);
    }

    /**
     * What each variant earns of a visit's clicks if their lists are interleaved.
     *
     * @param assignment says whose turn it is
     */
    double[] credits(Visit visit, Assignment assignment) {
        double[] credits = new double[2];
        for (int click = 1; click < visit.rows.length; click++) {
            List<List<Integer>> rankings = List.of(list(0, visit, click), list(1, visit, click));
            Integer target = visit.rows[click];
            if (!rankings.get(0).contains(target) && !rankings.get(1).contains(target)) {
                continue;
            }
            for (TeamDraft.Place<Integer> place :
                    TeamDraft.draft(rankings, CUTOFF, assignment.seed(visit.id, click))) {
                if (place.item().equals(target) && place.team() != TeamDraft.NOBODY) {
                    credits[place.team()]++;
                }
            }
        }
        return credits;
    }
}
