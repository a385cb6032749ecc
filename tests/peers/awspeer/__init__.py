"""What moto lacks of AWS for perch's tests: CloudFormation's life cycles, Elastic Beanstalk, and the manners of the real thing."""
