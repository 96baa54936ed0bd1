// keda_bench evaluates KEDA's own Kafka scaler, one for each group, once a second each, and prints one line of JSON:
// what that cost this process. Groups and topics are those of engine_bench.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/kedacore/keda/v2/pkg/scalers"
	"github.com/kedacore/keda/v2/pkg/scalers/scalersconfig"
	autoscaling "k8s.io/api/autoscaling/v2"
	ctrl "sigs.k8s.io/controller-runtime"
)

const warm = 5 * time.Second

type tally struct {
	mutex    sync.Mutex
	counting atomic.Bool
	took     []float64 // ms
	failed   int
	lag      int64 // of the last evaluations, summed
}

func (t *tally) add(took time.Duration, lag int64, err error) {
	if !t.counting.Load() {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.took = append(t.took, float64(took.Microseconds())/1e3)
	t.lag += lag
	if err != nil {
		t.failed++
	}
}

func cpuMs() float64 {
	var now syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &now); err != nil {
		panic(err)
	}
	return float64(now.Utime.Nano()+now.Stime.Nano()) / 1e6
}

func residentMiB() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	var total, resident int64
	fmt.Sscan(string(text), &total, &resident)
	return float64(resident) * float64(os.Getpagesize()) / (1 << 20)
}

func sockets() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	count := 0
	for _, entry := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil && len(to) > 7 && to[:7] == "socket:" {
			count++
		}
	}
	return count
}

func open(ctx context.Context, bootstrap string, i, topics int) (scalers.Scaler, error) {
	return scalers.NewKafkaScaler(ctx, &scalersconfig.ScalerConfig{
		ScalableObjectName:      "orders-consumer-" + strconv.Itoa(i),
		ScalableObjectNamespace: "shop",
		ScalableObjectType:      "ScaledObject",
		TriggerType:             "kafka",
		GlobalHTTPTimeout:       3 * time.Second,
		MetricType:              autoscaling.AverageValueMetricType,
		TriggerMetadata: map[string]string{
			"bootstrapServers": bootstrap,
			"consumerGroup":    "bench-g" + strconv.Itoa(i),
			"topic":            "bench-" + strconv.Itoa(i%topics),
			"lagThreshold":     "1000",
		},
	})
}

func evaluate(ctx context.Context, one scalers.Scaler, first time.Duration, result *tally) {
	time.Sleep(first)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		begun := time.Now()
		values, _, err := one.GetMetricsAndActivity(ctx, "lag")
		var lag int64
		for _, value := range values {
			lag += value.Value.Value()
		}
		result.add(time.Since(begun), lag, err)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func run() error {
	bootstrap := flag.String("bootstrap", "", "host:port")
	count := flag.Int("scalers", 10, "groups bench-g0 and on")
	topics := flag.Int("topics", 0, "topics bench-0 and on; as many as groups unless told otherwise")
	seconds := flag.Int("ticks", 30, "evaluations of each, roughly: seconds")
	flag.Parse()
	if *topics == 0 {
		*topics = *count
	}
	ctrl.SetLogger(logr.Discard())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	all := make([]scalers.Scaler, *count)
	for i := range all {
		one, err := open(ctx, *bootstrap, i, *topics)
		if err != nil {
			return err
		}
		all[i] = one
	}
	var result tally
	var running sync.WaitGroup
	for i, one := range all {
		running.Add(1)
		go func() {
			defer running.Done()
			evaluate(ctx, one, time.Duration(i)*time.Second/time.Duration(len(all)), &result)
		}()
	}
	time.Sleep(warm)
	fmt.Fprintln(os.Stderr, "warm")
	before, begun := cpuMs(), time.Now()
	result.counting.Store(true)
	time.Sleep(time.Duration(*seconds) * time.Second)
	result.counting.Store(false)
	after, length := cpuMs(), time.Since(begun).Seconds()
	fmt.Fprintln(os.Stderr, "done")
	line := map[string]any{"scalers": *count, "topics": *topics, "rss_mib": residentMiB(), "sockets": sockets()}
	cancel()
	running.Wait()

	if len(result.took) == 0 {
		return fmt.Errorf("no evaluation ended")
	}
	sort.Float64s(result.took)
	n := len(result.took)
	line["evaluations"] = float64(n) / length
	line["failed"] = result.failed
	line["cpu_ms"] = (after - before) / length
	line["mean_lag"] = float64(result.lag) / float64(n)
	line["wall_p50_ms"], line["wall_max_ms"] = result.took[n/2], result.took[n-1]
	return json.NewEncoder(os.Stdout).Encode(line)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
