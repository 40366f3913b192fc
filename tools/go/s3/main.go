// Command s3 is an S3 server on a loopback address: Versity's gateway over a folder. Signatures, buckets, listings, multipart
// uploads and errors are the gateway's own; there is one account and no TLS.
//
// environment: S3_ADDRESS (host:port), S3_FOLDER, S3_KEY_ID, S3_SECRET, S3_REGION. Each request is a line on stdout.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3api"
	"github.com/versity/versitygw/s3api/middlewares"
)

const maxRequests = 256

// Answers to any other key as S3 does; the gateway's own service of this kind says that an administrator is not found.
type oneAccount struct {
	auth.IAMService
}

func (accounts oneAccount) GetUserAccount(access string) (auth.Account, error) {
	account, err := accounts.IAMService.GetUserAccount(access)
	if err != nil {
		return auth.Account{}, auth.ErrNoSuchUser
	}
	return account, nil
}

func openFolder(folder string) (*posix.Posix, error) {
	objects, attributes := filepath.Join(folder, "objects"), filepath.Join(folder, "attributes")
	for _, dir := range []string{objects, attributes} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	// Beside the objects, as not every file system of a test machine has extended attributes.
	sidecar, err := meta.NewSideCar(attributes)
	if err != nil {
		return nil, err
	}
	return posix.New(objects, sidecar, posix.PosixOpts{SideCarDir: attributes})
}

func serve() error {
	account := middlewares.RootUserConfig{Access: os.Getenv("S3_KEY_ID"), Secret: os.Getenv("S3_SECRET")}
	backend, err := openFolder(os.Getenv("S3_FOLDER"))
	if err != nil {
		return err
	}
	owner := auth.Account{Access: account.Access, Secret: account.Secret, Role: auth.RoleAdmin}
	accounts := oneAccount{auth.NewIAMServiceSingle(owner)}
	server, err := s3api.New(backend, account, os.Getenv("S3_REGION"), accounts, nil, nil, nil, nil,
		s3api.WithKeepAlive(),
		s3api.WithConcurrencyLimiter(maxRequests, maxRequests),
	)
	if err != nil {
		return err
	}
	go func() {
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT)
		<-asked
		os.Exit(0)
	}()
	return server.ServeMultiPort([]string{os.Getenv("S3_ADDRESS")})
}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
