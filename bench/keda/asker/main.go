// asker asks a penstock-scaler for metrics at a steady rate, as KEDA does (gRPC, one connection) or as the API server's
// aggregation layer does (HTTPS with the front proxy's certificate), and prints one line of JSON: how long answers took.
// Requests are sent when their time has come, whether or not others are answered, and are timed from that moment: an
// answerer that stalls makes every request late that falls into the stall.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// One question about an object, and whether it was answered.
type ask func(ctx context.Context, object int) error

func namespace(object int) string { return "shop-" + strconv.Itoa(object%100) }
func name(object int) string      { return "orders-consumer-" + strconv.Itoa(object) }

// With this certificate, towards a server of the folder's authority.
func identity(folder, name string) (*tls.Config, error) {
	authority, err := os.ReadFile(folder + "/ca.crt")
	if err != nil {
		return nil, err
	}
	certificate, err := tls.LoadX509KeyPair(folder+"/"+name+".crt", folder+"/"+name+".key")
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{certificate}}, nil
}

func overGrpc(address, folder string) (ask, error) {
	own, err := identity(folder, "client")
	if err != nil {
		return nil, err
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(credentials.NewTLS(own)))
	if err != nil {
		return nil, err
	}
	client := externalscaler.NewExternalScalerClient(connection)
	return func(ctx context.Context, object int) error {
		answer, err := client.GetMetrics(ctx, &externalscaler.GetMetricsRequest{
			MetricName: "penstock-lag-1000",
			ScaledObjectRef: &externalscaler.ScaledObjectRef{
				Name: name(object), Namespace: namespace(object),
				ScalerMetadata: map[string]string{"consumerScaler": name(object)},
			},
		})
		if err == nil && len(answer.MetricValues) != 1 {
			err = fmt.Errorf("%d values", len(answer.MetricValues))
		}
		return err
	}, nil
}

func overHttps(address, folder string) (ask, error) {
	own, err := identity(folder, "front-proxy")
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig: own,
		MaxConnsPerHost: 100, MaxIdleConnsPerHost: 100, // or a stall of this program's own would open thousands
	}}
	return func(ctx context.Context, object int) error {
		selector := url.QueryEscape("penstock.dev/scaler=" + name(object) + ",penstock.dev/target=1000")
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+
			"/apis/external.metrics.k8s.io/v1beta1/namespaces/"+namespace(object)+"/penstock-lag?labelSelector="+selector, nil)
		if err != nil {
			return err
		}
		request.Header.Set("X-Remote-User", "system:serviceaccount:kube-system:horizontal-pod-autoscaler")
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", answer.Status, body)
		}
		return err
	}, nil
}

type result struct {
	took, late []float64 // ms: from the intended time to the answer, and to the sending
	failed     int
	problem    error
}

// Rate requests a second, for so long, over all objects in turn.
func load(question ask, rate int, length time.Duration, objects int) result {
	count := int(length.Seconds() * float64(rate))
	all := result{took: make([]float64, count), late: make([]float64, count)}
	var mutex sync.Mutex
	var running sync.WaitGroup
	begun := time.Now()
	for i := 0; i < count; i++ {
		due := begun.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		running.Add(1)
		go func() {
			defer running.Done()
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			all.late[i] = float64(time.Since(due).Microseconds()) / 1e3
			err := question(ctx, i*7919%objects)
			all.took[i] = float64(time.Since(due).Microseconds()) / 1e3
			if err != nil {
				mutex.Lock()
				defer mutex.Unlock()
				all.failed++
				all.problem = err
			}
		}()
	}
	running.Wait()
	return all
}

func of(sorted []float64, share float64) float64 { return sorted[int(float64(len(sorted)-1)*share)] }

func cpuMs() float64 {
	var now syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &now); err != nil {
		panic(err)
	}
	return float64(now.Utime.Nano()+now.Stime.Nano()) / 1e6
}

func run() error {
	over := flag.String("over", "grpc", "grpc or https")
	address := flag.String("address", "", "host:port")
	folder := flag.String("certificates", "", "with ca.crt, and .crt and .key of client (gRPC) and front-proxy (HTTPS)")
	rate := flag.Int("rate", 2000, "requests a second")
	objects := flag.Int("objects", 10000, "ConsumerScalers orders-consumer-0 and on")
	warm := flag.Duration("warm", 5*time.Second, "before it counts")
	length := flag.Duration("for", 30*time.Second, "how long it counts")
	flag.Parse()
	question, err := overGrpc(*address, *folder)
	if *over == "https" {
		question, err = overHttps(*address, *folder)
	}
	if err != nil {
		return err
	}
	load(question, *rate, *warm, *objects)
	fmt.Fprintln(os.Stderr, "warm")
	before, begun := cpuMs(), time.Now()
	counted := load(question, *rate, *length, *objects)
	seconds := time.Since(begun).Seconds()
	cpu := (cpuMs() - before) / seconds
	fmt.Fprintln(os.Stderr, "done")
	if counted.problem != nil {
		fmt.Fprintln(os.Stderr, counted.problem)
	}
	sort.Float64s(counted.took)
	sort.Float64s(counted.late)
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"requests": len(counted.took), "failed": counted.failed, "rate": float64(len(counted.took)) / seconds, "cpu_ms": cpu,
		"p50_ms": of(counted.took, 0.5), "p99_ms": of(counted.took, 0.99), "p999_ms": of(counted.took, 0.999), "max_ms": of(counted.took, 1),
		"late_p99_ms": of(counted.late, 0.99),
	})
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
